/** How a rewind ended, without what differs from run to run: two runs of the same operation must give equal outcomes. */
import type { RewindObject } from "../../operator/gather.ts";
import type { Damage } from "./damage.ts";
import { type OperatorStage, type Rows, statusOf } from "./operator-stage.ts";

export interface RewindOutcome {
  readonly rows: Rows;
  /** By the plain DuckDB. */
  readonly rowsInLake: Rows;
  /** Snapshots after the good one. */
  readonly snapshot: number;
  readonly head: number;
  readonly repairCommits: readonly number[];
  readonly holds: readonly string[];
  readonly finalizers: readonly string[];
  readonly journal: Journal;
  readonly status: unknown;
}

export interface Journal {
  readonly outcome: string;
  readonly locks: number;
  /** In the order in which they were done, each once. */
  readonly done: readonly string[];
}

/** The repair was found in the lake and only recorded: PostgreSQL's own commit of it had not come. */
export async function isRepairConfirmed(stage: OperatorStage, object: RewindObject): Promise<boolean> {
  const { rows } = await stage.pool.query(
    "select from pgtrickle_rewind.steps where uid = $1 and step = 'Repair' and after ? 'confirmed'",
    [object.metadata.uid],
  );
  return rows.length > 0;
}

async function journalOf(stage: OperatorStage, object: RewindObject): Promise<Journal> {
  const { rows } = await stage.pool.query<Journal>(
    `select o.outcome, (select count(*)::int from pgtrickle_rewind.claims) as locks,
            (select jsonb_agg(s.step order by s.finished_at) from pgtrickle_rewind.steps s
             where s.uid = o.uid and s.outcome = 'Done') as done
     from pgtrickle_rewind.operations o where o.uid = $1`,
    [object.metadata.uid],
  );
  return rows[0] ?? { outcome: "none", locks: 0, done: [] };
}

const snapshotKeys = new Set([
  "snapshotId",
  "contentsSnapshotIdBefore",
  "contentsSnapshotIdAfter",
  "contentsSnapshotId",
  "target",
  "head",
  "from",
  "to",
]);
/** Times; ids of the table that each run makes anew; how often something was tried; what only the repair itself knew. */
const passingKey = /^(.*Time|.*At|time|hash|definitionHash|estimatedCostMs|attempts|rowCounts)$/;

/** Snapshot ids count from the good one, also in messages. */
function relative(status: unknown, good: number): unknown {
  const text = JSON.stringify(status, (key, value: unknown) => {
    if (passingKey.test(key)) return undefined;
    if (typeof value === "number" && snapshotKeys.has(key)) return value - good;
    if (typeof value !== "string") return value;
    return value
      .replace(/snapshot (\d+)/g, (_, id: string) => `snapshot +${Number(id) - good}`)
      .replace(/plan [0-9a-f]{64}/, "plan <hash>");
  });
  return JSON.parse(text);
}

export async function outcomeOf(stage: OperatorStage, object: RewindObject, { good }: Damage): Promise<RewindOutcome> {
  const [table, head, repairCommits, journal] = await Promise.all([
    stage.table(),
    stage.head(),
    stage.repairCommits(object),
    journalOf(stage, object),
  ]);
  return {
    ...{ rows: table.rows, holds: table.holds, journal },
    ...{ snapshot: table.snapshot - good, head: head - good },
    rowsInLake: await stage.truthAt(head),
    repairCommits: repairCommits.map((id) => id - good),
    finalizers: object.metadata.finalizers ?? [],
    status: relative(statusOf(object), good),
  };
}
