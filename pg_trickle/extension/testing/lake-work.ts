/** What the clients of a random history do to the lake table `t (i, v)`, and to the model of it. */
import type { TrickleDatabase } from "../../../stack/database.ts";
import type { DuckdbClient } from "../../../stack/ducklake.ts";
import type { Changes, Row } from "./lake-model.ts";

const WRITES = ["insert", "insertMany", "delete", "deleteMany", "deleteMany", "update", "updateMany", "other"] as const;
const MAINTENANCE = ["flush", "merge", "rewrite", "expire", "cleanup", "checkpoint"] as const;
type Maintenance = (typeof MAINTENANCE)[number];
export type Operation = (typeof WRITES)[number] | Maintenance;

const MAINTENANCE_SQL: Record<Exclude<Maintenance, "expire">, string> = {
  flush: "call ducklake_flush_inlined_data('lake')",
  merge: "call ducklake_merge_adjacent_files('lake')",
  rewrite: "call ducklake_rewrite_data_files('lake', 't', delete_threshold => 0.2)",
  cleanup: "call ducklake_cleanup_old_files('lake', cleanup_all => true)",
  checkpoint: "checkpoint lake",
};

function isMaintenance(operation: Operation): operation is Maintenance {
  return (MAINTENANCE as readonly string[]).includes(operation);
}

/** Small, seeded, good enough for choosing. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export class LakeWork {
  readonly #trickle: TrickleDatabase;
  readonly random: () => number;
  /** Rows that an open transaction has changed. */
  readonly #busy = new Set<number>();
  #next = 0;

  constructor(trickle: TrickleDatabase, seed: number) {
    this.#trickle = trickle;
    this.random = seededRandom(seed);
  }

  choose<T>(list: readonly T[]): T {
    return list[Math.floor(this.random() * list.length)] as T;
  }

  chooseOperation(): Operation {
    return this.random() < 0.35 ? this.choose(MAINTENANCE) : this.choose(WRITES);
  }

  /** Of one transaction: maintenance stays alone in its own, and what is none of a transaction's becomes a flush. */
  chooseOperations(): Operation[] {
    const first = this.chooseOperation();
    if (isMaintenance(first)) return [first === "merge" || first === "rewrite" ? first : "flush"];
    const operations: Operation[] = [first];
    while (this.random() < 0.3) operations.push(this.choose(WRITES));
    return operations;
  }

  /** No transaction is open any more. */
  rest(): void {
    this.#busy.clear();
  }

  async perform(client: DuckdbClient, operation: Operation, changes: Changes): Promise<void> {
    if (operation === "expire") return this.#expire(client);
    if (isMaintenance(operation)) return client.run(MAINTENANCE_SQL[operation]);
    if (operation === "other") return client.run("insert into lake.u values (1)");
    const isLarge = operation.endsWith("Many");
    const count = isLarge ? 11 + Math.floor(this.random() * 30) : 1 + Math.floor(this.random() * 5);
    if (operation.startsWith("insert")) return this.#insert(client, isLarge ? 3 * count : count, changes);
    return this.#change(client, operation.startsWith("delete"), this.#some(changes.rows, count), changes);
  }

  async #insert(client: DuckdbClient, count: number, changes: Changes): Promise<void> {
    const from = this.#next;
    this.#next += count;
    await client.run(`insert into lake.t select i, 0 from range(${from}, ${this.#next}) r (i)`);
    for (let i = from; i < this.#next; i++) changes.add({ i, v: 0 });
  }

  /**
   * Rows that stand together, as those of one file do. None that an open transaction has changed: where a small and a large
   * deletion take the same row at once, DuckLake lets both through and reads wrongly until the next flush, and the catalog
   * does not show it.
   */
  #some(rows: Row[], count: number): Row[] {
    const sorted = rows.filter(({ i }) => !this.#busy.has(i)).sort((a, b) => a.i - b.i);
    const from = Math.floor(this.random() * Math.max(1, sorted.length - count));
    return sorted.slice(from, from + count);
  }

  async #change(client: DuckdbClient, isDelete: boolean, rows: Row[], changes: Changes): Promise<void> {
    if (rows.length === 0) return;
    const condition = `(i, v) in (${rows.map(({ i, v }) => `(${i}, ${v})`).join(", ")})`;
    // A value of its own, so that each pair is written once.
    const v = ++this.#next;
    await client.run(
      isDelete ? `delete from lake.t where ${condition}` : `update lake.t set v = ${v} where ${condition}`,
    );
    for (const row of rows) {
      this.#busy.add(row.i);
      changes.remove(row);
      if (!isDelete) changes.add({ i: row.i, v });
    }
  }

  async #expire(client: DuckdbClient): Promise<void> {
    const { rows } = await this.#trickle
      .pool()
      .query("select snapshot_id::int as id from ducklake.ducklake_snapshot order by 1 desc offset $1", [
        5 + Math.floor(this.random() * 20),
      ]);
    const ids = (rows as { id: number }[]).map(({ id }) => id);
    if (ids.length > 0) await client.run(`call ducklake_expire_snapshots('lake', versions => [${ids.join(", ")}])`);
  }
}
