/**
 * The whole operator behind proxies that see each of its writes: to the API server, to PostgreSQL, and of PostgreSQL to the
 * lake. A test lets it run once to learn the writes, then kills it before or after any of them.
 */
import { join } from "node:path";
import { inject } from "vitest";
import { type CrashProxy, startCrashProxy } from "./crash-proxy.ts";
import { type OperatorStage, SECRET } from "./operator-stage.ts";
import { type PostgresProxy, startPostgresProxy } from "./postgres-proxy.ts";
import { type Moment, passAll, type WriteHook, type WriteLog } from "./write-log.ts";

/** A write by its name and how many of that name came before it in the same operation: `status 3`. */
export type WriteName = string;

/** As the lake's proxy sees postgres_fdw's. */
const LAKE_COMMIT = "COMMIT TRANSACTION";
const JOURNAL_CALL = /^select pgtrickle_rewind\.(\w+)\(/;

/** What a write is called: without names and ids, which differ from run to run. */
function kindOf(what: string): string {
  const call = JOURNAL_CALL.exec(what)?.[1];
  if (call) return call;
  if (what === LAKE_COMMIT) return "lake commit";
  if (what.startsWith("UPDATE ") || what.startsWith("DELETE ")) return `lake ${what.slice(0, 6).toLowerCase()}`;
  if (what.startsWith("POST ") && what.endsWith("/events")) return "event";
  if (what.startsWith("PATCH ")) return what.endsWith("/status") ? "status" : "finalizer";
  return what;
}

/** `observe` changes nothing; `begin` and settings of a session are gone with the process. */
function isStatementWrite(statement: string): boolean {
  const call = JOURNAL_CALL.exec(statement)?.[1];
  return statement === "commit" || (call !== undefined && call !== "observe");
}

function isLakeWrite(statement: string): boolean {
  return statement === LAKE_COMMIT || /^(UPDATE|DELETE|INSERT) /.test(statement);
}

export class CrashRoute {
  readonly kubeconfig: string;
  readonly #proxy: CrashProxy;
  readonly #lake: PostgresProxy;
  #names: WriteName[] = [];

  constructor(proxy: CrashProxy, lake: PostgresProxy) {
    this.#proxy = proxy;
    this.#lake = lake;
    this.kubeconfig = proxy.kubeconfig;
    this.forget();
  }

  get #log(): WriteLog {
    return this.#proxy.log;
  }

  /** Since the last `forget`, in the order of their coming. */
  get writes(): readonly WriteName[] {
    return this.#names;
  }

  /** A new operation begins. */
  forget(): void {
    this.#watch(passAll);
  }

  /** Resolves when the write came and `step` is done with; the write is dropped, or its answer. */
  at(name: WriteName, moment: Moment, step: () => Promise<void>): Promise<void> {
    return this.#at(name, moment, async (reached) => {
      await step().then(reached.resolve, reached.reject);
    });
  }

  /** Resolves when the write came; it, or its answer, is held until `release` resolves, and then lost. */
  holdAt(name: WriteName, moment: Moment, release: Promise<unknown>): Promise<void> {
    return this.#at(name, moment, async (reached) => {
      reached.resolve();
      await release;
    });
  }

  #at(name: WriteName, moment: Moment, step: (reached: PromiseWithResolvers<void>) => Promise<void>): Promise<void> {
    const reached = Promise.withResolvers<void>();
    this.#watch(async (now, { what }) => {
      if (now !== moment || what !== name) return "pass";
      await step(reached);
      return "drop";
    });
    return reached.promise;
  }

  /** Counts from here on, and hands the hook writes by name. */
  #watch(hook: WriteHook): void {
    const names = new Map<number, WriteName>();
    const counts = new Map<string, number>();
    this.#names = [];
    this.#log.hook = (moment, write) => {
      if (moment === "before") {
        const kind = kindOf(write.what);
        const count = (counts.get(kind) ?? 0) + 1;
        counts.set(kind, count);
        names.set(write.n, `${kind} ${count}`);
        this.#names.push(`${kind} ${count}`);
      }
      return hook(moment, { n: write.n, what: names.get(write.n) ?? "" });
    };
  }

  async close(): Promise<void> {
    await this.#lake.close();
    await this.#proxy.close();
  }
}

/** Puts the proxies between: the Secret and the foreign servers lead through them from now on. */
export async function openCrashRoute(stage: OperatorStage): Promise<CrashRoute> {
  const { port } = inject("postgres");
  const { lake } = stage.database;
  const proxy = await startCrashProxy({
    kubeconfig: inject("kube").kubeconfig,
    postgres: { host: "127.0.0.1", port },
    isStatementWrite,
  });
  const socket = join(lake.socketDir, `.s.PGSQL.${lake.port}`);
  const lakeProxy = await startPostgresProxy({ target: { path: socket }, log: proxy.log, isWrite: isLakeWrite });
  await stage.pool.query(
    "select pgtrickle.attach_lake(host => $1, port => $2, lake_password => 'lake', plans_password => 'plans', catalog_password => 'catalog')",
    [lakeProxy.host, lakeProxy.port],
  );
  const uri = new URL(stage.database.url);
  uri.hostname = proxy.postgres.host;
  uri.port = String(proxy.postgres.port);
  await stage.secret(SECRET, { uri: uri.href });
  return new CrashRoute(proxy, lakeProxy);
}
