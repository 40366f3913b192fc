import { describe, expect, it } from "vitest";
import { worldOf } from "./observation.ts";

const uid = "mine";

function makeAnswer(overrides: object = {}): object {
  return {
    ...{ system_identifier: "7710971338285134057", timeline: 1, now: "2026-11-22T12:27:09.013387+00:00" },
    ...{ database: "timetravel_demo", already_done: null },
    ...{ head: 5, oldest: 0, operation: null, steps: [], repair_marker: null },
    tables: [
      {
        ...{ requested: "event_summary", name: "public.event_summary", error: null, status: "ACTIVE" },
        ...{ frontier: 5, contents_snapshot: 5, generation: 2, holders: [], claimed_by: null },
      },
    ],
    target: { snapshot_id: 3, error: null },
    ...overrides,
  };
}

function makeStep(step: string, attempt: number, outcome: string, rest: object = {}): object {
  return {
    ...{ step, attempt, outcome, before: null, after: null, error: null },
    ...{ started_at: "2026-11-22T12:00:00.5+00:00", finished_at: null },
    ...rest,
  };
}

describe("worldOf", () => {
  it("reads a table that nobody has touched", () => {
    expect(worldOf(makeAnswer(), uid)).toMatchObject({
      ...{ kind: "observed", head: 5, operation: undefined, repairMarker: undefined, steps: [] },
      tables: [{ requested: "event_summary", name: "public.event_summary", snapshotId: 5, claimedBy: undefined }],
      target: { snapshotId: 3, failure: undefined },
    });
  });

  it("reads how long nobody was heard of, and who did the very same before", () => {
    const operation = { tables: ["public.event_summary"], outcome: null, idle_seconds: 1.25 };
    expect(worldOf(makeAnswer({ operation }), uid).operation).toMatchObject({ idleMs: 1250 });
    const started = { ...operation, started_at: "2026-11-22T12:26:09.013387+00:00" };
    expect(worldOf(makeAnswer({ operation: started }), uid).operation).toMatchObject({ ageMs: 60_000 });
    const already_done = { uid: "earlier", finished_at: "2026-11-22T12:00:00.5+00:00", target: 3 };
    expect(worldOf(makeAnswer({ already_done }), uid)).toMatchObject({
      ...{ database: "timetravel_demo", alreadyDone: { uid: "earlier", finishedAt: "2026-11-22T12:00:00.500Z" } },
    });
  });

  it("reads when a scrub has healed a table, and what it had found", () => {
    const healed = { at: "2026-11-22T12:00:00.5+00:00", found: "drift: 1 missing" };
    const [table] = worldOf(makeAnswer({ tables: [{ requested: "t", healed }] }), uid).tables;
    expect(table?.healed).toEqual({ at: "2026-11-22T12:00:00.500Z", found: "drift: 1 missing" });
    const forgotten = worldOf(makeAnswer({ tables: [{ requested: "t", healed: { ...healed, found: null } }] }), uid);
    expect(forgotten.tables[0]?.healed?.found).toBe("");
    expect(worldOf(makeAnswer(), uid).tables[0]?.healed).toBeUndefined();
  });

  it("does not take its own claim for somebody else's", () => {
    const owner = { namespace: "default", name: "r", cluster: "c" };
    const locked = (by: string) =>
      worldOf(makeAnswer({ tables: [{ requested: "t", claimed_by: { ...owner, uid: by } }] }), uid);
    expect(locked("mine").tables[0]?.claimedBy).toBeUndefined();
    expect(locked("other").tables[0]?.claimedBy).toMatchObject({ uid: "other", gone: false });
  });

  it("makes facts of what is wrong with a table or target, with the hint", () => {
    const error = { code: "TR002", message: "two of that name", hint: "Say which schema." };
    const world = worldOf(
      makeAnswer({
        tables: [{ requested: "t", error }],
        target: { snapshot_id: 99, error: { code: "TR004", message: "in the future", hint: null } },
      }),
      uid,
    );
    expect(world.tables[0]?.failure).toMatchObject({
      ...{ reason: "AmbiguousStreamTable", terminal: true, message: "two of that name. Say which schema" },
    });
    expect(world.target).toMatchObject({ snapshotId: undefined, failure: { reason: "SnapshotInFuture" } });
  });

  it("takes the attempt that is done, and counts all of them", () => {
    const done = { after: { rows: [20] }, finished_at: "2026-11-22T12:00:01Z" };
    const error = { code: "TR015", message: "interrupted" };
    const steps = [
      makeStep("Repair", 1, "Failed", { error }),
      makeStep("Repair", 2, "Done", done),
      makeStep("Pause", 1, "Done"),
    ];
    const world = worldOf(makeAnswer({ steps }), uid);
    expect(world.steps).toMatchObject([
      { name: "Pause", attempt: 1, outcome: "Done" },
      { name: "Repair", attempt: 2, outcome: "Done", rowCounts: [20], startedAt: "2026-11-22T12:00:00.500Z" },
    ]);
  });

  it.each([
    ["TR011", "Rewind", "AssertionFailed", true],
    ["42P01", "Repair", "RepairFailed", true],
    ["TR015", "Repair", "TransientError", false],
    ["57014", "Replay", "TransientError", false],
    ["LakeUnreachable", "Rewind", "LakeUnreachable", false],
    ["something else", "Rewind", "TransientError", false],
  ])("reads a recorded error %s of a %s as %s, terminal: %s", (code, step, reason, terminal) => {
    const steps = [makeStep(step, 1, "Failed", { error: { code, message: "m" } })];
    expect(worldOf(makeAnswer({ steps }), uid).steps[0]?.failure).toMatchObject({ reason, terminal });
  });

  it("reads what a rewind did to each table", () => {
    const after = {
      snapshot_id: 3,
      tables: [
        {
          ...{ table_name: "public.event_summary", from_snapshot: 5, to_snapshot: 3, strategy: "Journal" },
          ...{ reason: "cheapest", rows_removed: 1, rows_added: 0, row_count: 3, fingerprint: "f", refresh_id: 9 },
        },
      ],
    };
    const world = worldOf(makeAnswer({ steps: [makeStep("Rewind", 1, "Done", { after })] }), uid);
    expect(world.steps[0]?.after).toMatchObject([
      {
        name: "public.event_summary",
        snapshotId: 3,
        strategy: "Journal",
        rowsRemoved: 1,
        rowCount: 3,
        fingerprint: "f",
      },
    ]);
  });

  it("refuses an answer of another shape instead of guessing", () => {
    expect(() => worldOf({ tables: "none" }, uid)).toThrow();
  });
});
