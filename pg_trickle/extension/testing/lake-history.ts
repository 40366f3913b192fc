/**
 * A random history of several plain DuckDB clients on one lake table, interleaved statement by statement, with all kinds of
 * maintenance in between. AT of every retained snapshot is compared with the model, the newest two after each step.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { TrickleDatabase } from "../../../test/stack/database.ts";
import type { DuckdbClient } from "../../../test/stack/ducklake.ts";
import { type Changes, LakeModel, type Row, type Summary } from "./lake-model.ts";

export interface HistoryResult {
  readonly steps: number;
  /** How often each thing was done, and each way in which it was refused. */
  readonly counts: Map<string, number>;
  /** Deletions that the guard had to date anew. */
  readonly repairs: number;
  /** What was found to be wrong, with the steps that led to it. */
  readonly damage: string[];
}

export interface HistoryOptions {
  readonly seed: number;
  readonly steps: number;
  /** In the SQL of `attach`, one a client: their inlining limits. */
  readonly limits?: readonly (number | undefined)[];
  /** Share of steps in which transactions of two clients overlap. */
  readonly overlap?: number;
  readonly maintenance?: boolean;
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

const WRITES = ["insert", "insertMany", "delete", "deleteMany", "deleteMany", "update", "updateMany", "other"] as const;
const MAINTENANCE = ["flush", "merge", "rewrite", "expire", "cleanup", "checkpoint"] as const;
type Operation = (typeof WRITES)[number] | (typeof MAINTENANCE)[number];

const MAINTENANCE_SQL: Record<(typeof MAINTENANCE)[number], string> = {
  flush: "call ducklake_flush_inlined_data('lake')",
  merge: "call ducklake_merge_adjacent_files('lake')",
  rewrite: "call ducklake_rewrite_data_files('lake', 't', delete_threshold => 0.2)",
  expire: "",
  cleanup: "call ducklake_cleanup_old_files('lake', cleanup_all => true)",
  checkpoint: "checkpoint lake",
};

function isMaintenance(operation: Operation): operation is (typeof MAINTENANCE)[number] {
  return (MAINTENANCE as readonly string[]).includes(operation);
}

/** The refusal without its numbers, so that they can be counted. */
export function refusalText(error: unknown): string {
  const text = String(error);
  const guard = /pgtrickle guard: [^\n]*/.exec(text)?.[0];
  if (guard !== undefined) return guard.replaceAll(/\d+/g, "N");
  if (/conflict/i.test(text)) return "DuckLake: conflict";
  return text.slice(-160).replaceAll(/\d+/g, "N");
}

export class LakeHistory {
  readonly #trickle: TrickleDatabase;
  readonly #options: Required<HistoryOptions>;
  readonly #random: () => number;
  readonly #model = new LakeModel();
  readonly #counts = new Map<string, number>();
  readonly #log: string[] = [];
  readonly #damage: string[] = [];
  readonly #kept = new Set<string>();
  #clients: DuckdbClient[] = [];
  #reader: DuckdbClient | undefined;
  #next = 0;
  /** Rows that an open transaction has changed. */
  readonly #busy = new Set<number>();

  constructor(trickle: TrickleDatabase, options: HistoryOptions) {
    this.#trickle = trickle;
    this.#options = { limits: [undefined, undefined], overlap: 0.6, maintenance: true, ...options };
    this.#random = seededRandom(options.seed);
  }

  async play(): Promise<HistoryResult> {
    await this.#open();
    let steps = 0;
    for (; steps < this.#options.steps && this.#damage.length === 0; steps++) {
      if (this.#random() < this.#options.overlap) await this.#overlapping();
      else await this.#alone();
      this.#busy.clear();
      await this.#noteKept();
      await this.#compare(steps % 6 === 5);
    }
    if (this.#damage.length === 0) await this.#compare(true);
    return { steps, counts: this.#counts, repairs: this.#kept.size, damage: this.#damage };
  }

  async #open(): Promise<void> {
    for (const limit of this.#options.limits) {
      const client = await this.#trickle.duckdb({ readOnly: false });
      if (limit !== undefined) await client.run(`set ducklake_default_data_inlining_row_limit = ${limit}`);
      this.#clients.push(client);
    }
    this.#reader = await this.#trickle.duckdb();
    const [first] = this.#clients;
    await first?.run("create table lake.t (i integer, v integer)");
    await first?.run("create table lake.u (i integer)");
    await this.#run(first as DuckdbClient, "insertMany");
  }

  #count(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }

  #choose<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random() * list.length)] as T;
  }

  async #head(): Promise<number> {
    const { rows } = await this.#trickle.pool().query("select max(snapshot_id)::int as head from ducklake.ducklake_snapshot");
    return (rows[0] as { head: number }).head;
  }

  /** A run of one client's operation; false if it was refused. */
  async #attempt(what: string, work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      this.#count(what.replace(/^\S+ /, ""));
      this.#log.push(what);
      return true;
    } catch (error) {
      const text = refusalText(error);
      this.#count(`refused: ${text}`);
      this.#log.push(`${what} → ${text}`);
      return false;
    }
  }

  #operation(): Operation {
    return this.#options.maintenance && this.#random() < 0.35 ? this.#choose(MAINTENANCE) : this.#choose(WRITES);
  }

  async #run(client: DuckdbClient, operation: Operation): Promise<void> {
    const name = `c${this.#clients.indexOf(client)}`;
    const changes = this.#model.begin();
    const isDone = await this.#attempt(`${name} ${operation}`, () => this.#perform(client, operation, changes));
    this.#model.committed(await this.#head(), isDone ? changes : undefined);
  }

  #alone(): Promise<void> {
    return this.#run(this.#choose(this.#clients), this.#operation());
  }

  /** Two transactions of two clients: begun, worked and committed in any order. */
  async #overlapping(): Promise<void> {
    const first = this.#choose(this.#clients);
    const second = this.#choose(this.#clients.filter((client) => client !== first));
    const open: { client: DuckdbClient; changes: Changes }[] = [];
    for (const client of [first, second]) {
      const name = `c${this.#clients.indexOf(client)}`;
      const changes = this.#model.begin();
      const isOpen = await this.#attempt(`${name} begin`, async () => {
        await client.run("begin");
        await client.run("select count(*) from lake.u");
      });
      if (isOpen && (await this.#work(client, changes))) open.push({ client, changes });
      else await client.run("rollback").catch(() => {});
      if (this.#random() < 0.3) await this.#commitElsewhere(client);
    }
    if (this.#random() < 0.5) open.reverse();
    for (const { client, changes } of open) {
      const name = `c${this.#clients.indexOf(client)}`;
      const isDone = await this.#attempt(`${name} commit`, () => client.run("commit"));
      if (!isDone) await client.run("rollback").catch(() => {});
      this.#model.committed(await this.#head(), isDone ? changes : undefined);
    }
  }

  /** A third client commits between two statements of an open transaction. */
  async #commitElsewhere(busy: DuckdbClient): Promise<void> {
    const idle = this.#clients.at(-1);
    if (idle && idle !== busy && this.#clients.length > 2) await this.#run(idle, "other");
  }

  async #work(client: DuckdbClient, changes: Changes): Promise<boolean> {
    const name = `c${this.#clients.indexOf(client)}`;
    const operations: Operation[] = [this.#operation()];
    // A transaction of several statements; maintenance stays alone in its own.
    while (!isMaintenance(operations[0] as Operation) && this.#random() < 0.3) operations.push(this.#choose(WRITES));
    for (const operation of operations) {
      const skipped = operation === "expire" || operation === "cleanup" || operation === "checkpoint" ? "flush" : operation;
      if (!(await this.#attempt(`${name} ${skipped} (open)`, () => this.#perform(client, skipped, changes)))) return false;
    }
    return true;
  }

  async #perform(client: DuckdbClient, operation: Operation, changes: Changes): Promise<void> {
    if (operation === "expire") return this.#expire(client);
    if (isMaintenance(operation)) return client.run(MAINTENANCE_SQL[operation]);
    if (operation === "other") return client.run("insert into lake.u values (1)");
    const isLarge = operation.endsWith("Many");
    const count = isLarge ? 11 + Math.floor(this.#random() * 30) : 1 + Math.floor(this.#random() * 5);
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
    const from = Math.floor(this.#random() * Math.max(1, sorted.length - count));
    return sorted.slice(from, from + count);
  }

  async #change(client: DuckdbClient, isDelete: boolean, rows: Row[], changes: Changes): Promise<void> {
    if (rows.length === 0) return;
    const condition = `(i, v) in (${rows.map(({ i, v }) => `(${i}, ${v})`).join(", ")})`;
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
        5 + Math.floor(this.#random() * 20),
      ]);
    const ids = (rows as { id: number }[]).map(({ id }) => id);
    if (ids.length > 0) await client.run(`call ducklake_expire_snapshots('lake', versions => [${ids.join(", ")}])`);
  }

  async #compare(isFull: boolean): Promise<void> {
    const { rows } = await this.#trickle
      .pool()
      .query("select snapshot_id::int as id from ducklake.ducklake_snapshot where snapshot_id > 2 order by 1");
    const ids = (rows as { id: number }[]).map(({ id }) => id).slice(isFull ? 0 : -2);
    const found = await this.#read(ids);
    for (const id of ids) {
      const { summary } = this.#model.at(id);
      if (JSON.stringify(found.get(id)) !== JSON.stringify(summary)) await this.#tell(id, found.get(id), summary);
    }
    if (!isFull) return;
    await this.#compareCount();
    await this.#compareFiles();
  }

  async #noteKept(): Promise<void> {
    const { rows } = await this.#trickle.pool().query(
      `select k.delete_file_id as id from ducklake.ducklake_delete_file k join ducklake.ducklake_delete_file l
         on l.data_file_id = k.data_file_id and l.begin_snapshot = k.end_snapshot`,
    );
    for (const { id } of rows as { id: string }[]) this.#kept.add(id);
  }

  async #compareCount(): Promise<void> {
    const [row] = (await this.#reader?.rows("select count(*)::integer as n from lake.t")) ?? [];
    const { summary } = this.#model.at(await this.#head());
    if (row?.["n"] !== summary.count) this.#damage.push(`count(*) says ${row?.["n"]}, the model ${summary.count}\n${this.#recent()}`);
  }

  async #read(ids: readonly number[]): Promise<Map<number, Summary>> {
    const part = (id: number) =>
      `select ${id} as id, count(i)::integer as count, coalesce(sum(i), 0)::double as i, coalesce(sum(v), 0)::double as v,
         coalesce(sum(i * v), 0)::double as product from lake.t at (version => ${id})`;
    const text = ids.map(part).join(" union all ");
    const rows = await (this.#reader as DuckdbClient).rows(text).catch(async () => {
      // A flush beside an open reader makes it fail until it attaches anew, ducklake 1413.
      this.#count("reader attached anew");
      this.#reader = await this.#trickle.duckdb();
      return this.#reader.rows(text);
    });
    const summary = (row: Record<string, unknown>): Summary => ({
      count: Number(row["count"]),
      sumI: Number(row["i"]),
      sumV: Number(row["v"]),
      product: Number(row["product"]),
    });
    return new Map(rows.map((row) => [Number(row["id"]), summary(row)]));
  }

  #recent(): string {
    return this.#log.slice(-25).join("\n");
  }

  async #tell(id: number, found: Summary | undefined, wanted: Summary): Promise<void> {
    this.#damage.push(
      `seed ${this.#options.seed}: at snapshot ${id} of ${await this.#head()} the lake has ${JSON.stringify(found)}, the model ${JSON.stringify(wanted)}\n${this.#recent()}`,
    );
  }

  /** Kept delete files are there until their rows go. */
  async #compareFiles(): Promise<void> {
    const { rows } = await this.#trickle.pool().query(
      `select path from ducklake.ducklake_delete_file where table_id = 1
       union all select path from ducklake.ducklake_data_file where table_id = 1`,
    );
    for (const { path } of rows as { path: string }[]) {
      if (!existsSync(join(this.#trickle.dataPath, "main/t", path))) this.#damage.push(`file ${path} is gone\n${this.#recent()}`);
    }
  }
}
