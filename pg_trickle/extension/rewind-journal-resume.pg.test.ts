/** What a person can do about a table that a rewind has left held. */
import { afterAll, expect, test } from "vitest";
import { status } from "../../test/support/summary-table.ts";
import { useOperations } from "./testing/operations.ts";

const { pool, connect, disconnectAll, call, claimed } = useOperations();
const RESUME = "select pgtrickle.resume_scheduler(array['event_summary'])";

afterAll(() => disconnectAll());

test("a rewind that failed and held its table has ended: resume_scheduler lets the table go", async () => {
  const operation = await claimed();
  await call(pool(), "pause", operation);
  await call(pool(), "abandon", operation, "the assertion failed");
  expect(await status(pool())).toBe("PAUSED");
  await pool().query(RESUME);
  expect(await status(pool())).not.toBe("PAUSED");
});

test("of a rewind that goes on, resume_scheduler says what to do if its object is gone, and that helps", async () => {
  const operation = await claimed();
  await call(pool(), "pause", operation);
  const client = await connect();
  const hints: string[] = [];
  client.on("notice", ({ hint }) => hints.push(hint ?? ""));
  await client.query(RESUME);
  expect(await status(pool())).toBe("PAUSED");
  const [statement] = /select pgtrickle_rewind\.orphan\(.*\);/.exec(hints.join()) ?? [];
  expect(statement).toContain(operation.uid);
  await pool().query(statement ?? "");
  await pool().query(RESUME);
  expect(await status(pool())).not.toBe("PAUSED");
});
