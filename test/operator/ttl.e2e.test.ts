/** ttlSecondsAfterFinished: an object that has ended and holds nothing goes by itself; one that holds a table stays. */
import { describe, expect, test } from "vitest";
import type { StreamTableRewindSpecInput } from "../../operator/api/spec.ts";
import { type Rows, statusOf, useOperatorStage } from "../support/operator-stage.ts";

type Spec = Partial<StreamTableRewindSpecInput>;

const stage = useOperatorStage();
const good: Rows = { click: [30, 1500], purchase: [10, 5000] };
const fails: Spec = { repair: { sql: ["delete from lake.evnts"] } };

describe("goes after its time", () => {
  test.each([0, 1])("%d s after it succeeded", async (ttlSecondsAfterFinished) => {
    const { good: target } = await stage().damage();
    const object = await stage().apply(target, { ttlSecondsAfterFinished });
    await stage().gone(object);
    expect(await stage().outcome(object)).toBe("Succeeded");
    expect(await stage().table()).toMatchObject({ rows: good, holds: [] });
  });

  test.each<{ readonly name: string; readonly spec: Spec }>([
    { name: "a dry run", spec: { dryRun: true } },
    { name: "one that was refused", spec: { streamTables: ["public.nothing"] } },
    { name: "one that was undone", spec: { verification: { assertions: [{ name: "no", sql: "select false" }] } } },
    { name: "one that was let go", spec: { ...fails, failurePolicy: "Resume" } },
    { name: "one that left its table to a person", spec: { resume: { policy: "Never" } } },
  ])("$name", async ({ spec }) => {
    const { good: target } = await stage().damage();
    await stage().gone(await stage().apply(target, { ...spec, ttlSecondsAfterFinished: 0 }));
    expect(await stage().claimOwners()).toEqual([]);
  });

  test("also when the time is given only after the end", async () => {
    const { good: target } = await stage().damage();
    const object = await stage().ended(await stage().apply(target));
    await stage().change(object, { ttlSecondsAfterFinished: 0 });
    await stage().gone(object);
  });
});

test("one that holds its table stays, until it holds it no more", async () => {
  const { good: target } = await stage().damage();
  const holder = await stage().ended(await stage().apply(target, { ...fails, ttlSecondsAfterFinished: 0 }));
  // Others come, end and go meanwhile.
  for (const _ of [1, 2]) await stage().gone(await stage().apply(target, { dryRun: true, ttlSecondsAfterFinished: 0 }));
  expect(statusOf((await stage().live(holder)) ?? holder)).toMatchObject({ phase: "Failed", tables: [{ held: true }] });
  expect((await stage().table()).holds).toEqual([stage().holdOf(holder)]);
  await stage().ended(await stage().apply(target));
  await stage().gone(holder);
  expect(await stage().table()).toMatchObject({ rows: good, holds: [] });
});
