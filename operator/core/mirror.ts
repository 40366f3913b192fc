/** The status as a mirror of what was observed: everything but phase, reason and message. */
import type { StepStatus, StreamTableRewindStatus, TableStatus } from "../api/status.ts";
import {
  healedSince,
  holdName,
  isDone,
  isInvalid,
  isRewound,
  type Observed,
  type ObservedWorld,
  type StepFact,
  stepFact,
  type TableFact,
  type TableState,
  tableName,
  targetOf,
} from "./observed.ts";
import { quotedText, tableList } from "./texts.ts";

/** Leaves out keys without a value: with exactOptionalPropertyTypes, absent and undefined are different things. */
export function present<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

function find(states: readonly TableState[] | undefined, table: TableFact): TableState | undefined {
  return states?.find((state) => state.name === tableName(table));
}

/** Of a finished operation: what it left, not what the scheduler has made of it since. */
function snapshotNow(world: ObservedWorld, table: TableFact): number | undefined {
  const left = world.operation?.outcome === undefined ? undefined : find(stepFact(world, "Release")?.after, table);
  return left?.snapshotId ?? table.snapshotId;
}

function tableStatus(o: Observed, world: ObservedWorld, table: TableFact): TableStatus {
  const before = find(stepFact(world, "Pause")?.before, table);
  const rewound = find(stepFact(world, "Rewind")?.after, table);
  const hold = holdName(o.object);
  return present({
    name: tableName(table),
    contentsSnapshotIdBefore: before?.snapshotId ?? (isRewound(world) ? undefined : table.snapshotId),
    contentsSnapshotIdAfter: rewound?.snapshotId,
    contentsSnapshotId: snapshotNow(world, table),
    strategy: rewound?.strategy,
    rowsRemoved: rewound?.rowsRemoved,
    rowsAdded: rewound?.rowsAdded,
    rowCount: rewound?.rowCount,
    fingerprint: rewound?.fingerprint,
    contradiction: rewound?.contradiction,
    statusBefore: before?.status,
    holdersBefore: before?.holders && [...before.holders],
    held: table.holders.includes(hold),
    lastDriftAt: healedSince(o, table)?.at,
  }) as TableStatus;
}

function stepStatus(step: StepFact): StepStatus {
  return present({
    name: step.name,
    state: step.outcome,
    attempts: step.attempt,
    startedAt: step.startedAt,
    finishedAt: step.finishedAt,
    reason: step.failure?.reason,
    message: step.failure && quotedText(step.failure.message),
  }) as StepStatus;
}

function lowest(snapshots: readonly (number | undefined)[]): number | undefined {
  const known = snapshots.filter((id) => id !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

/** What is still to come; a finished replay had reached the head of its time, however far the lake has moved since. */
function replayStatus(world: ObservedWorld): StreamTableRewindStatus["replay"] {
  const replayed = isDone(world, "Replay")
    ? lowest(stepFact(world, "Replay")?.after.map((s) => s.snapshotId) ?? [])
    : undefined;
  if (replayed !== undefined) return { snapshotId: replayed, head: replayed, lag: 0 };
  const snapshotId = lowest(world.tables.map((table) => table.snapshotId));
  if (!isRewound(world) || world.head === undefined || snapshotId === undefined) return undefined;
  return { snapshotId, head: world.head, lag: Math.max(0, world.head - snapshotId) };
}

function repairStatus(world: ObservedWorld): StreamTableRewindStatus["repair"] {
  const rowCounts = stepFact(world, "Repair")?.rowCounts;
  if (world.repairMarker === undefined && rowCounts === undefined) return undefined;
  return present({ snapshotId: world.repairMarker?.snapshotId, rowCounts: rowCounts && [...rowCounts] }) as NonNullable<
    StreamTableRewindStatus["repair"]
  >;
}

function observedStatus(o: Observed, world: ObservedWorld): Partial<StreamTableRewindStatus> {
  const snapshotId = targetOf(o);
  return {
    ...(world.operation?.startedAt && { startTime: world.operation.startedAt }),
    ...(snapshotId !== undefined && { target: { snapshotId } }),
    tables: world.tables.map((table) => tableStatus(o, world, table)),
    ...(world.steps.length > 0 && { steps: world.steps.map(stepStatus) }),
    ...present({ repair: repairStatus(world), replay: replayStatus(world) }),
  };
}

/** By their full names, where the database was ever asked. */
function tableSummary({ spec }: Observed, { tables }: StreamTableRewindStatus): string | undefined {
  const names = tables?.map(({ name }) => name) ?? (isInvalid(spec) ? [] : spec.streamTables);
  return names.length === 0 ? undefined : tableList(names);
}

/** Facts of the database; what was known before stays where it was not asked. */
export function mirror(o: Observed): StreamTableRewindStatus {
  const { tables, steps, repair, replay, startTime, target, plan } = o.status;
  const known = present({ tables, steps, repair, replay, startTime, target, plan: o.memory.plan ?? plan });
  const seen = o.world.kind === "observed" ? observedStatus(o, o.world) : {};
  const status = { ...known, ...seen } as StreamTableRewindStatus;
  return present({ ...status, tableSummary: tableSummary(o, status) }) as StreamTableRewindStatus;
}
