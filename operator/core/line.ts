/**
 * Rewinds of one process that want the same tables, the oldest first. Only of those that the database was asked about: one
 * whose database is dead is in nobody's way. Across processes whoever claims first goes first: the claims in the operation log decide.
 */
import { wantsLock } from "./checks/waiting.ts";
import { type Observed, type ObservedWorld, tableName } from "./observed.ts";

interface Waiter {
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  /** When it was made, then its uid: of two of one second always the same one is first. */
  readonly age: string;
  readonly tables: ReadonlySet<string>;
}

/** The same table of two databases is two tables. */
function tablesOf(world: ObservedWorld): Set<string> {
  const { systemIdentifier, database } = world;
  return new Set(world.tables.map((table) => JSON.stringify([systemIdentifier, database, tableName(table)])));
}

function waiterOf(key: string, { object }: Observed, world: ObservedWorld): Waiter {
  const age = `${new Date(object.createdAt).toISOString()} ${object.uid}`;
  return { key, namespace: object.namespace, name: object.name, age, tables: tablesOf(world) };
}

function shares(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return [...a].some((table) => b.has(table));
}

export class Line {
  readonly #waiters = new Map<string, Waiter>();

  /** Takes the place that the observation calls for, or leaves. @returns who is in front. */
  update(key: string, o: Observed): Observed["ahead"] {
    if (o.world.kind !== "observed" || !wantsLock(o)) {
      this.leave(key);
      return undefined;
    }
    const waiter = waiterOf(key, o, o.world);
    this.#waiters.set(key, waiter);
    const front = [...this.#waiters.values()]
      .filter((other) => other.age < waiter.age && shares(other.tables, waiter.tables))
      .sort((a, b) => (a.age < b.age ? -1 : 1))[0];
    return front && { namespace: front.namespace, name: front.name };
  }

  leave(key: string): void {
    this.#waiters.delete(key);
  }

  /** Who wants a table that has just become free. */
  waitingFor(world: ObservedWorld): string[] {
    const tables = tablesOf(world);
    return [...this.#waiters.values()].filter((waiter) => shares(waiter.tables, tables)).map(({ key }) => key);
  }
}
