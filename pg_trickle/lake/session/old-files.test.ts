/** A transaction that has had files for so long that a clean-up of orphaned files may have taken them. */
import { expect, test } from "vitest";
import type { CatalogWatch } from "../duck/catalog-watch.ts";
import type { LakeConnection } from "../duck/connection.ts";
import type { Lake } from "../duck/lake.ts";
import { LakeTransaction } from "./lake-transaction.ts";
import type { Turn } from "./turn.ts";
import { WriteQueues } from "./write-queues.ts";

const HOUR_MS = 60 * 60_000;
const NEVER = new AbortController().signal;

/** DuckDB as the statements that reach it, the lake's turn free at any time. */
function transactionAt(nowMs: () => number) {
  const said: string[] = [];
  const connection = {
    generation: 1,
    run: async (sql: string) => {
      said.push(sql.replace(/\(.*/, ""));
      return 3;
    },
    detach: async () => undefined,
    close: () => undefined,
  } as unknown as LakeConnection;
  const step = async <T>(_owner: object, _signal: AbortSignal, work: () => Promise<T>) => work();
  const transaction = new LakeTransaction({
    lake: {
      generation: 1,
      connect: async () => connection,
      healing: async (work: () => unknown) => work(),
    } as unknown as Lake,
    catalog: { beforeReading: async () => undefined, beforeCommit: async () => undefined } as unknown as CatalogWatch,
    turn: { beside: step, alone: step } as unknown as Turn,
    queues: new WriteQueues(),
    user: "lake",
    applicationName: () => "test",
    columnsOf: async () => [],
    metadataSchema: "ducklake",
    nowMs,
  });
  return { transaction, said };
}

const WORK = ["delete from lake.main.t", "call lake.set_commit_message"];

test.each([
  { hours: 23, want: ["begin transaction", ...WORK, "commit"] },
  { hours: 25, want: ["begin transaction", ...WORK, "rollback", "begin transaction", ...WORK, "commit"] },
])("after $hours h it is committed as it is, or done again with new files", async ({ hours, want }) => {
  let nowMs = 0;
  const { transaction, said } = transactionAt(() => nowMs);
  await transaction.change("main.t", "delete from lake.main.t", NEVER);
  nowMs += hours * HOUR_MS;
  await transaction.commit(NEVER);
  expect(said).toEqual(want);
});

test("what cannot be done again is refused with the reason, and nothing of it is committed", async () => {
  let nowMs = 0;
  const { transaction, said } = transactionAt(() => nowMs);
  transaction.start(true);
  await transaction.change("main.t", "delete from lake.main.t", NEVER);
  nowMs += 25 * HOUR_MS;
  await expect(transaction.commit(NEVER)).rejects.toMatchObject({
    sqlState: "40001",
    message: "the transaction has files that are older than a day: a clean-up of orphaned files may have taken them",
    hint: "Nothing of it is in the lake. Run it again, so that it takes less than a day.",
  });
  expect(said).toEqual(["begin transaction", ...WORK, "rollback"]);
});

test("a transaction that has only read may be of any age, and its files count from its first write", async () => {
  let nowMs = 0;
  const { transaction, said } = transactionAt(() => nowMs);
  await transaction.forReading(NEVER);
  nowMs += 25 * HOUR_MS;
  await transaction.change("main.t", "delete from lake.main.t", NEVER);
  nowMs += HOUR_MS;
  await transaction.commit(NEVER);
  // It waits for the table's other writers, and then sees what they have committed.
  expect(said).toEqual(["begin transaction", "rollback", "begin transaction", ...WORK, "commit"]);
});
