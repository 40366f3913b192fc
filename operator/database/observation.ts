/** The JSON of pgtrickle_rewind.observe() and of its rows in the operation log, made into the facts of core/. */
import { z } from "zod";
import { Reason } from "../api/reasons.ts";
import { type Failure, loggedSteps, type ObservedWorld, type StepFact, type TableState } from "../core/observed.ts";
import { contradictionJson, contradictionOf } from "./contradiction.ts";
import { type CallContext, meaningOf } from "./sqlstate.ts";

const text = z.string();
const optionalText = z.string().nullish();
const optionalNumber = z.number().nullish();
const time = z.coerce.date();

const errorSchema = z.object({ code: text, message: text, hint: optionalText });

const ownerSchema = z.object({ uid: text, namespace: text, name: text, cluster: text });

const tableSchema = z.object({
  requested: text,
  error: errorSchema.nullish(),
  name: optionalText,
  contents_snapshot: optionalNumber,
  status: optionalText,
  holders: z.array(text).nullish(),
  claimed_by: ownerSchema.nullish(),
  healed: z.object({ at: time, found: optionalText }).nullish(),
});

/** A table in `before` or `after` of a step: a state, or a row of what a move did. */
const stateSchema = z.object({
  name: optionalText,
  table_name: optionalText,
  contents_snapshot: optionalNumber,
  to_snapshot: optionalNumber,
  status: optionalText,
  holders: z.array(text).nullish(),
  strategy: optionalText,
  rows_removed: optionalNumber,
  rows_added: optionalNumber,
  row_count: optionalNumber,
  fingerprint: optionalText,
  contradiction: contradictionJson.nullish(),
});

const sideSchema = z.object({ tables: z.array(stateSchema).nullish(), rows: z.array(z.number()).nullish() }).nullish();

const stepSchema = z.object({
  step: z.enum(loggedSteps),
  attempt: z.number(),
  outcome: z.enum(["Running", "Done", "Failed"]),
  started_at: time.nullish(),
  finished_at: time.nullish(),
  before: sideSchema,
  after: sideSchema,
  error: errorSchema.nullish(),
});

const operationSchema = z.object({
  tables: z.array(text),
  outcome: z.enum(["Succeeded", "Failed", "Aborted", "Orphaned"]).nullish(),
  reason: optionalText,
  started_at: time.nullish(),
  finished_at: time.nullish(),
  idle_seconds: optionalNumber,
});

const observationSchema = z.object({
  system_identifier: text,
  timeline: z.number(),
  database: text,
  now: time,
  head: optionalNumber,
  operation: operationSchema.nullish(),
  tables: z.array(tableSchema),
  target: z.object({ snapshot_id: optionalNumber, error: errorSchema.nullish() }),
  steps: z.array(stepSchema),
  repair_marker: z.object({ snapshot_id: z.number() }).nullish(),
  already_done: z.object({ uid: text, finished_at: time }).nullish(),
});

type Step = z.infer<typeof stepSchema>;
type State = z.infer<typeof stateSchema>;

const sqlStatePattern = /^[0-9A-Z]{5}$/;
const reasons = new Set<string>(Object.values(Reason));

/** A recorded error. Where there was no SQLSTATE the operator wrote its reason instead. */
function failureOf(error: z.infer<typeof errorSchema>, context: CallContext): Failure {
  // Without the full stop at the end: whoever shows it goes on with a sentence of their own.
  const message = [error.message, error.hint]
    .filter((part) => typeof part === "string" && part !== "")
    .join(". ")
    .replace(/[.\s]+$/, "");
  if (!sqlStatePattern.test(error.code)) {
    const reason = reasons.has(error.code) ? (error.code as Reason) : Reason.TransientError;
    return { reason, message, terminal: false };
  }
  return { ...meaningOf(error.code, context), message, code: error.code };
}

const contextOf: Readonly<Record<Step["step"], CallContext>> = {
  Pause: "call",
  Rewind: "move",
  Repair: "repair",
  Replay: "move",
  Release: "call",
};

function stateOf(state: State): TableState {
  return {
    name: state.name ?? state.table_name ?? "",
    snapshotId: state.contents_snapshot ?? state.to_snapshot ?? undefined,
    status: state.status ?? undefined,
    holders: state.holders ?? undefined,
    strategy: state.strategy ?? undefined,
    rowsRemoved: state.rows_removed ?? undefined,
    rowsAdded: state.rows_added ?? undefined,
    rowCount: state.row_count ?? undefined,
    fingerprint: state.fingerprint ?? undefined,
    contradiction: contradictionOf(state.contradiction),
  };
}

function stepOf(step: Step): StepFact {
  return {
    name: step.step,
    attempt: step.attempt,
    outcome: step.outcome,
    startedAt: step.started_at?.toISOString(),
    finishedAt: step.finished_at?.toISOString(),
    before: step.before?.tables?.map(stateOf) ?? [],
    after: step.after?.tables?.map(stateOf) ?? [],
    rowCounts: step.after?.rows ?? undefined,
    failure: step.error ? failureOf(step.error, contextOf[step.step]) : undefined,
  };
}

/** The attempt that counts: the one that is done, else the latest. */
function decisive(steps: readonly Step[]): StepFact[] {
  return loggedSteps.flatMap((name) => {
    const attempts = steps.filter((step) => step.step === name).sort((a, b) => a.attempt - b.attempt);
    const step = attempts.find((attempt) => attempt.outcome === "Done") ?? attempts.at(-1);
    const last = attempts.at(-1);
    return step && last ? [{ ...stepOf(step), attempt: last.attempt }] : [];
  });
}

function operationOf(operation: z.infer<typeof operationSchema>, now: Date): ObservedWorld["operation"] {
  return {
    tables: operation.tables,
    outcome: operation.outcome ?? undefined,
    reason: operation.reason ?? undefined,
    startedAt: operation.started_at?.toISOString(),
    ageMs: operation.started_at == null ? undefined : now.getTime() - operation.started_at.getTime(),
    finishedAt: operation.finished_at?.toISOString(),
    idleMs: operation.idle_seconds == null ? undefined : Math.round(operation.idle_seconds * 1000),
  };
}

function tableOf(table: z.infer<typeof tableSchema>, uid: string): ObservedWorld["tables"][number] {
  const owner = table.claimed_by && table.claimed_by.uid !== uid ? table.claimed_by : undefined;
  return {
    requested: table.requested,
    name: table.name ?? undefined,
    snapshotId: table.contents_snapshot ?? undefined,
    status: table.status ?? undefined,
    holders: table.holders ?? [],
    claimedBy: owner && { ...owner, gone: false },
    healed: table.healed ? { at: table.healed.at.toISOString(), found: table.healed.found ?? "" } : undefined,
    failure: table.error ? failureOf(table.error, "call") : undefined,
  };
}

/** @param uid of the object that asks: its own claims are not somebody else's. */
export function worldOf(json: unknown, uid: string): ObservedWorld {
  const seen = observationSchema.parse(json);
  return {
    kind: "observed",
    systemIdentifier: seen.system_identifier,
    timeline: seen.timeline,
    database: seen.database,
    head: seen.head ?? undefined,
    operation: seen.operation ? operationOf(seen.operation, seen.now) : undefined,
    tables: seen.tables.map((table) => tableOf(table, uid)),
    target: {
      snapshotId: seen.target.error ? undefined : (seen.target.snapshot_id ?? undefined),
      failure: seen.target.error ? failureOf(seen.target.error, "call") : undefined,
    },
    steps: decisive(seen.steps),
    repairMarker: seen.repair_marker ? { snapshotId: seen.repair_marker.snapshot_id } : undefined,
    alreadyDone: seen.already_done
      ? { uid: seen.already_done.uid, finishedAt: seen.already_done.finished_at.toISOString() }
      : undefined,
  };
}
