/** The JSON of pgtrickle.plan_rewind(), bounded to what a status may hold. */
import { z } from "zod";
import { type PlanTable, sampleLimit } from "../api/status.ts";
import { cut } from "../core/texts.ts";
import { contradictionJson, contradictionOf } from "./contradiction.ts";

const optionalText = z.string().nullish();
const optionalNumber = z.number().nullish();

const tableSchema = z.object({
  table: z.string(),
  from: optionalNumber,
  to: optionalNumber,
  strategy: optionalText,
  reason: optionalText,
  rows_changed: optionalNumber,
  estimated_cost_ms: optionalNumber,
  contradiction: contradictionJson.nullish(),
  definition_hash: optionalText,
  sources: z.array(z.object({ table: z.string(), table_id: optionalNumber, schema_version: optionalNumber })).nullish(),
  sample: z.array(z.object({ change: z.string(), row: z.unknown() })).nullish(),
});

const commitSchema = z.object({
  snapshot_id: z.number(),
  time: optionalText,
  author: optionalText,
  message: optionalText,
  changes: z.unknown().optional(),
});

const planSchema = z.object({
  target: z.number(),
  head: optionalNumber,
  oldest: optionalNumber,
  tables: z.array(tableSchema),
  commits_undone: z.array(commitSchema).nullish(),
  commits_undone_count: optionalNumber,
  system_identifier: z.coerce.string().nullish(),
  timeline: optionalNumber,
});

/** Everything of a plan but its hash, which also needs the spec. */
export interface Planned {
  readonly target: number;
  readonly head?: number;
  readonly oldest?: number;
  readonly commitsUndoneCount?: number;
  readonly commitsUndone?: { snapshotId: number; time?: string; author?: string; message?: string; changes?: string }[];
  readonly rowsChanged?: number;
  readonly tables: PlanTable[];
  readonly systemIdentifier?: string;
  readonly timeline?: number;
}

const textLimit = 1_024;
/** Of all tables together: an object of more than 1.5 MB is refused. */
const rowLimit = 60;

function short(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  const whole = typeof value === "string" ? value : JSON.stringify(value);
  return cut(whole, textLimit);
}

/** Without the keys that have no value. */
function compact<T extends object>(value: T): { [K in keyof T]: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined && member !== null)) as {
    [K in keyof T]: NonNullable<T[K]>;
  };
}

function commitOf(commit: z.infer<typeof commitSchema>): NonNullable<Planned["commitsUndone"]>[number] {
  return compact({
    snapshotId: commit.snapshot_id,
    time: commit.time,
    author: short(commit.author),
    message: short(commit.message),
    changes: short(commit.changes),
  }) as NonNullable<Planned["commitsUndone"]>[number];
}

function tableOf(table: z.infer<typeof tableSchema>, rows: number): PlanTable {
  return compact({
    name: table.table,
    from: table.from,
    to: table.to,
    strategy: table.strategy,
    reason: short(table.reason),
    rowsChanged: table.rows_changed,
    estimatedCostMs: table.estimated_cost_ms,
    contradiction: contradictionOf(table.contradiction),
    definitionHash: table.definition_hash,
    sources: table.sources?.map((source) =>
      compact({ table: source.table, tableId: source.table_id, schemaVersion: source.schema_version }),
    ),
    sample: table.sample?.slice(0, rows).map(({ change, row }) => ({ change, row: short(row) ?? "" })),
  }) as PlanTable;
}

export function plannedOf(json: unknown): Planned {
  const plan = planSchema.parse(json);
  const counts = plan.tables.map((table) => table.rows_changed).filter((count) => typeof count === "number");
  const rows = Math.min(sampleLimit, Math.max(1, Math.floor(rowLimit / plan.tables.length)));
  return compact({
    target: plan.target,
    head: plan.head,
    oldest: plan.oldest,
    commitsUndoneCount: plan.commits_undone_count,
    commitsUndone: plan.commits_undone?.slice(0, sampleLimit).map(commitOf),
    rowsChanged: counts.length === 0 ? undefined : counts.reduce((sum, count) => sum + count, 0),
    tables: plan.tables.map((table) => tableOf(table, rows)),
    systemIdentifier: plan.system_identifier,
    timeline: plan.timeline,
  }) as Planned;
}
