/** One rewind of a table at a time, the oldest first; different tables in parallel; who waits can leave at any moment. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { StreamTableRewindSpecInput } from "../../operator/api/spec.ts";
import type { RewindObject } from "../../operator/gather.ts";
import { closeGate, type Gate, passesGate } from "../support/gate.ts";
import { condition, deleteCorrupted, type Rows, statusOf, useOperatorStage } from "../support/operator-stage.ts";
import { until } from "../support/until.ts";

type Spec = Partial<StreamTableRewindSpecInput>;

interface Busy {
  readonly target: number;
  readonly gate: Gate;
  readonly first: RewindObject;
}

const stage = useOperatorStage();
const good: Rows = { click: [30, 1500], purchase: [10, 5000] };
const OTHER = "public.event_total";

/** A rewind that stands in the middle of its transaction until the gate opens. */
async function busy(): Promise<Busy> {
  const { good: target } = await stage().damage();
  const gate = await closeGate(stage().pool);
  const first = await stage().apply(target, {
    repair: { sql: [deleteCorrupted, "update lake.events set value = value + 1"] },
    verification: { assertions: [{ name: "gate", sql: passesGate }], at: ["Rewind"] },
  });
  await gate.reached();
  return { target, gate, first };
}

async function queue(target: number, spec: Spec = {}): Promise<RewindObject> {
  const object = await stage().reachesPhase(await stage().apply(target, spec), "Queued");
  expect(statusOf(object)).toMatchObject({ phase: "Queued", reason: "WaitingForClaim" });
  expect(condition(object, "Reconciling")).toMatchObject({ status: "True", reason: "WaitingForClaim" });
  expect(object.metadata.finalizers).toBeUndefined();
  return object;
}

async function succeeds(object: RewindObject): Promise<void> {
  const ended = await stage().ended(object);
  expect(statusOf(ended), object.metadata.name).toMatchObject({ phase: "Succeeded" });
}

/** Of those, in the order in which they took the lock. */
async function started(objects: readonly RewindObject[]): Promise<string[]> {
  const { rows } = await stage().pool.query<{ name: string }>(
    "select name from pgtrickle_rewind.operations where uid = any ($1) order by started_at",
    [objects.map(({ metadata }) => metadata.uid)],
  );
  return rows.map(({ name }) => name);
}

function byAge(a: RewindObject, b: RewindObject): number {
  const age = (object: RewindObject) => `${object.metadata.creationTimestamp} ${object.metadata.uid}`;
  return age(a) < age(b) ? -1 : 1;
}

beforeAll(async () => {
  await stage().pool.query(
    `select pgtrickle.create_stream_table('public', 'event_total',
       'select count(*) as events from lake.events', '1h', 'DIFFERENTIAL')`,
  );
});

afterAll(async () => {
  await stage().pool.query("select pgtrickle.drop_stream_table($1)", [OTHER]);
});

test("rewinds of one table go one after the other, the oldest first, and the rows are right in the end", async () => {
  const { target, gate, first } = await busy();
  const waiting: RewindObject[] = [];
  const more = "update lake.events set value = value + 1";
  for (const _ of [1, 2, 3]) waiting.push(await queue(target, { repair: { sql: [more] }, verification: {} }));
  const inFront = [first, ...waiting].map(({ metadata }) => `${stage().namespace}/${metadata.name}`);
  for (const object of waiting) {
    const { message = "" } = statusOf(object);
    const others = inFront.filter((name) => !name.endsWith(object.metadata.name));
    expect(
      others.some((name) => message.includes(name)),
      message,
    ).toBe(true);
  }
  expect(await stage().claimOwners()).toEqual([first.metadata.uid]);
  await gate.open();
  const all = [first, ...waiting.sort(byAge)];
  for (const object of all) await succeeds(object);
  expect(await started(all)).toEqual(all.map(({ metadata }) => metadata.name));
  expect(await stage().table()).toMatchObject({
    ...{ rows: { click: [30, 30 * 54], purchase: [10, 10 * 504] }, holds: [] },
    snapshot: await stage().head(),
  });
  expect(await stage().claimOwners()).toEqual([]);
});

test("those that came while no operator ran go one after the other; who waits then, by age", async () => {
  const { good: target } = await stage().damage();
  await stage().operator.stop();
  const all: RewindObject[] = [];
  const more = "update lake.events set value = value + 1";
  for (const _ of [1, 2, 3, 4]) all.push(await stage().apply(target, { repair: { sql: [more] }, verification: {} }));
  await stage().startOperator();
  for (const object of all) await succeeds(object);
  // Whom the new operator happens to look at first, goes first: it knows of nobody else yet.
  const [first, ...rest] = await started(all);
  const waited = all.filter(({ metadata }) => metadata.name !== first).sort(byAge);
  expect(rest).toEqual(waited.map(({ metadata }) => metadata.name));
  expect((await stage().table()).rows).toEqual(await stage().truthAt(await stage().head()));
  expect(await stage().claimOwners()).toEqual([]);
});

test("a rewind of another table does not wait", async () => {
  const { target, gate, first } = await busy();
  const spec: Spec = { streamTables: [OTHER], repair: undefined, verification: {} };
  await succeeds(await stage().apply(target, spec));
  expect(statusOf((await stage().live(first)) ?? first).phase).toBe("Rewinding");
  await gate.open();
  await succeeds(first);
});

test("one of both tables waits for the one of them, and holds up nobody meanwhile", async () => {
  const { target, gate, first } = await busy();
  const both = await queue(target, { streamTables: ["public.event_summary", OTHER] });
  const table = await stage().pool.query(
    "select holds from pgtrickle.pgt_stream_tables where pgt_name = 'event_total'",
  );
  expect(table.rows).toEqual([{ holds: [] }]);
  await gate.open();
  await succeeds(first);
  await succeeds(both);
  expect((await stage().table()).holds).toEqual([]);
});

test("one of two tables is not overtaken at the one that is free", async () => {
  const { target, gate, first } = await busy();
  const both = await queue(target, { streamTables: ["public.event_summary", OTHER] });
  // Ages are whole seconds; of the same one it would be a matter of ids.
  const bornMs = Date.parse(both.metadata.creationTimestamp ?? "");
  await until(() => Date.now() >= bornMs + 1_000);
  const younger = await queue(target, { streamTables: [OTHER], repair: undefined, verification: {} });
  expect(statusOf(younger).message).toContain(both.metadata.name);
  await gate.open();
  for (const object of [first, both, younger]) await succeeds(object);
  expect(await started([first, both, younger])).toEqual([first, both, younger].map(({ metadata }) => metadata.name));
});

describe("who waits leaves at once", () => {
  test("aborted", async () => {
    const { target, gate, first } = await busy();
    const waiting = await queue(target);
    await stage().change(waiting, { abort: true });
    expect(statusOf(await stage().ended(waiting)).phase).toBe("Aborted");
    expect(await stage().claimOwners()).toEqual([first.metadata.uid]);
    expect(await stage().outcome(waiting)).toBeUndefined();
    await gate.open();
    await succeeds(first);
  });

  test("deleted", async () => {
    const { target, gate, first } = await busy();
    const waiting = await queue(target);
    await stage().rewinds.delete(waiting);
    await stage().gone(waiting);
    expect(await stage().claimOwners()).toEqual([first.metadata.uid]);
    await gate.open();
    await succeeds(first);
  });
});

test("an older one that awaits its approval without hold is in nobody's way", async () => {
  const { good: target } = await stage().damage();
  const older = await stage().apply(target, { approval: { mode: "Manual" } });
  await stage().reachesPhase(older, "AwaitingApproval");
  await succeeds(await stage().apply(target));
  expect(await stage().table()).toMatchObject({ rows: good, holds: [] });
  expect(statusOf((await stage().live(older)) ?? older).phase).toBe("AwaitingApproval");
  await stage().change(older, { abort: true });
  await stage().ended(older);
});

test("one whose table a held approval keeps gets its turn when that one is deleted", async () => {
  const { good: target } = await stage().damage();
  const holder = await stage().apply(target, { approval: { mode: "Manual", hold: true } });
  await stage().reachesPhase(holder, "AwaitingApproval");
  const waiting = await queue(target);
  expect(statusOf(waiting).message).toContain(holder.metadata.name);
  await stage().rewinds.delete(holder);
  await succeeds(waiting);
  expect(await stage().table()).toMatchObject({ rows: good, holds: [] });
});
