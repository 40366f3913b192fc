/**
 * The operator killed with SIGKILL before and after each of its writes, and started again: it goes on where it was, and
 * everything ends as in a run without a crash. The repair adds 1 to every value, so applied twice it would show.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isTerminal } from "../../operator/api/status.ts";
import type { RewindObject } from "../../operator/gather.ts";
import type { Damage } from "../support/damage.ts";
import { type CrashRoute, openCrashRoute, type WriteName } from "../support/operator-crash.ts";
import { deleteCorrupted, statusOf, useOperatorStage } from "../support/operator-stage.ts";
import { isRepairConfirmed, outcomeOf, type RewindOutcome } from "../support/rewind-outcome.ts";
import type { Moment } from "../support/write-log.ts";

/** Every write of an operation; the reference run proves that the list is complete. Events are written beside the work. */
const writes: readonly WriteName[] = [
  ...["status 1", "event 1", "finalizer 1", "claim 1", "pause 1", "status 2", "event 2"],
  // The plan recomputes in the lake, to see whether evidence contradicts it.
  "lake commit 1",
  ...["status 3", "event 3", "rewind 1", "lake commit 2"],
  ...["status 4", "event 4", "begin_repair 1", "enter_repair 1", "run_repair 1", "lake delete 1", "lake update 1"],
  ...["finish_repair 1", "commit 1", "lake commit 3"],
  ...["status 5", "event 5", "replay 1", "lake commit 4", "release 1", "status 6", "event 6", "finalizer 2"],
];
const moments: readonly Moment[] = ["before", "after"];
const crashes = writes.flatMap((write) => moments.map((moment) => ({ write, moment })));

const repair = [deleteCorrupted, "update lake.events set value = value + 1"];
const stage = useOperatorStage({ bare: true });

let route: CrashRoute;
let reference: RewindOutcome;
let passed = 0;

/** Applied to fresh damage; returns when what `arm` waits for at the route has come to pass. */
async function begin(arm: () => Promise<void>): Promise<{ incident: Damage; object: RewindObject }> {
  const incident = await stage().damage();
  route.forget();
  const reached = arm();
  const object = await stage().apply(incident.good, { repair: { sql: repair } });
  await reached;
  return { incident, object };
}

async function finished(object: RewindObject): Promise<RewindObject> {
  const isOver = (live: RewindObject) => isTerminal(statusOf(live).phase) && live.metadata.finalizers === undefined;
  return stage().reaches(object, isOver);
}

function restart(): Promise<unknown> {
  return stage().startOperator(route.kubeconfig);
}

beforeAll(async () => {
  route = await openCrashRoute(stage());
  await restart();
});

afterAll(async () => {
  process.stdout.write(`operator killed at each write: ${passed}/${crashes.length} ended as without a crash\n`);
  await route?.close();
});

test("without a crash the repair is applied once, and every write is one of the list", async () => {
  const { incident, object } = await begin(async () => undefined);
  reference = await outcomeOf(stage(), await finished(object), incident);
  await expect.poll(() => [...route.writes].sort()).toEqual([...writes].sort());
  expect(reference).toMatchObject({
    rows: { click: [30, 30 * 51], purchase: [10, 10 * 501] },
    repairCommits: [2],
    ...{ snapshot: 2, head: 2, holds: [], finalizers: [] },
    journal: { outcome: "Succeeded", locks: 0, done: ["Pause", "Rewind", "Repair", "Replay", "Release"] },
    status: { phase: "Succeeded" },
  });
  expect(reference.rowsInLake).toEqual(reference.rows);
});

describe("killed", () => {
  test.each(crashes)("$moment $write", async ({ write, moment }) => {
    const victim = stage().operator;
    const { incident, object } = await begin(() => route.at(write, moment, () => victim.kill()));
    await restart();
    expect(await outcomeOf(stage(), await finished(object), incident)).toEqual(reference);
    // The lake's commit came and PostgreSQL's did not: only then the lake is the one to ask.
    expect(await isRepairConfirmed(stage(), object)).toBe(write === "lake commit 3" && moment === "after");
    passed += 1;
  });
});

/** The same without a death: the connection breaks, and the operator does not know whether it was done. */
const answers: readonly WriteName[] = ["claim 1", "pause 1", "rewind 1", "begin_repair 1", "commit 1", "lake commit 3"];

describe("alive, but never told of", () => {
  test.each([...answers, "replay 1", "release 1", "status 6"])("%s", async (write) => {
    const { incident, object } = await begin(() => route.at(write, "after", async () => undefined));
    expect(await outcomeOf(stage(), await finished(object), incident)).toEqual(reference);
  });
});

test("killed while PostgreSQL still waits for the lake's answer to the commit: the next one asks the lake", async () => {
  const release = Promise.withResolvers<void>();
  const { incident, object } = await begin(() => route.holdAt("lake commit 3", "after", release.promise));
  await stage().operator.kill();
  await restart();
  expect(await outcomeOf(stage(), await finished(object), incident)).toEqual(reference);
  release.resolve();
  expect(await isRepairConfirmed(stage(), object)).toBe(true);
});
