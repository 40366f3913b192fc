/** What a database has promised to keep, asked before and after something happens to it, and a client that counts its own commits. */
import type { ClusterDatabase } from "./database.ts";

/** The event type of the client here; the generator writes others. */
export const CLIENT = "CLIENT_EVENT";
const BATCH = 10;

/** Everything that stands still while a table is paused, and what may only grow otherwise. */
export interface Ledger {
  readonly status: string;
  readonly frontier: number;
  readonly contents: number;
  readonly holders: readonly string[];
  /** Ids of the refreshes that were published. */
  readonly refreshes: readonly number[];
  /** Rows of the undo journal by refresh. */
  readonly journal: Readonly<Record<string, number>>;
  /** Steps of all rewinds that are done. */
  readonly steps: readonly string[];
  readonly snapshots: number;
}

const LEDGER = `
  select t.status,
    (select s.frontier_snapshot from pgtrickle_internal.stream_tables s) as frontier,
    t.contents_snapshot as contents,
    (select coalesce(json_agg(h.holder order by h.holder), '[]') from pgtrickle_internal.holds h) as holders,
    (select coalesce(json_agg(r.id order by r.id), '[]') from pgtrickle_internal.refreshes r
      where r.outcome = 'Succeeded') as refreshes,
    (select coalesce(json_agg(concat_ws('/', o.name, p.step, p.attempt) order by o.name, p.step, p.attempt), '[]')
      from pgtrickle_rewind.steps p join pgtrickle_rewind.operations o using (uid) where p.outcome = 'Done') as steps,
    (select max(snapshot_id) from ducklake.ducklake_snapshot) as snapshots
  from pgtrickle.pgt_stream_tables t`;

export async function readLedger(database: ClusterDatabase): Promise<Ledger> {
  const [ledger] = await database.rows<Omit<Ledger, "journal">>(LEDGER);
  const [layout] = await database.rows<{ journal: string }>(
    "select layout ->> 'journal' as journal from pgtrickle_internal.stream_tables",
  );
  if (!(ledger && layout)) throw new Error("there is no stream table");
  const counts = await database.rows<{ id: string; count: number }>(
    `select refresh_id::text as id, count(*) from ${layout.journal} group by refresh_id`,
  );
  return { ...ledger, journal: Object.fromEntries(counts.map(({ id, count }) => [id, count])) };
}

/** What was there before and is not there now; empty if nothing is lost. */
export function lost(before: Ledger, now: Ledger): string[] {
  const gone = <T>(what: string, some: readonly T[], others: readonly T[]) =>
    some.filter((one) => !others.includes(one)).map((one) => `${what} ${one}`);
  const entries = (journal: Ledger["journal"]) => Object.entries(journal).map(([id, count]) => `${id}: ${count} rows`);
  return [
    ...gone("refresh", before.refreshes, now.refreshes),
    ...gone("journal of refresh", entries(before.journal), entries(now.journal)),
    ...gone("step", before.steps, now.steps),
    ...gone("hold", before.holders, now.holders),
    ...(now.frontier < before.frontier ? [`frontier ${before.frontier}, now ${now.frontier}`] : []),
    ...(now.snapshots < before.snapshots ? [`snapshot ${before.snapshots}, now ${now.snapshots}`] : []),
  ];
}

export interface Client {
  /** Ends after the batch at hand. */
  stop(): Promise<{ readonly committed: readonly number[]; readonly unknown: readonly number[] }>;
}

/** Writes one batch after the other; one whose answer never came may or may not be in the lake. */
export function startClient(database: ClusterDatabase): Client {
  const [committed, unknown]: [number[], number[]] = [[], []];
  let isStopping = false;
  const write = (batch: number) =>
    database.run(
      `insert into lake.events select gen_random_uuid(), '${CLIENT}', ${batch}, now() from generate_series(1, ${BATCH})`,
    );
  const done = (async () => {
    for (let batch = 1; !isStopping; batch++) {
      await write(batch).then(
        () => committed.push(batch),
        () => unknown.push(batch),
      );
    }
  })();
  return {
    async stop() {
      isStopping = true;
      await done;
      return { committed, unknown };
    },
  };
}

/** Batches of the client in the lake: whole ones by number, and how many are torn or there twice. */
export async function readBatches(database: ClusterDatabase): Promise<{ whole: number[]; torn: number[] }> {
  const batches = await database.rows<{ value: number; count: number }>(
    `select value, count(*) from lake.events where event_type = '${CLIENT}' group by value order by value`,
  );
  const numbers = (isWhole: boolean) =>
    batches.filter(({ count }) => (count === BATCH) === isWhole).map(({ value }) => value);
  return { whole: numbers(true), torn: numbers(false) };
}
