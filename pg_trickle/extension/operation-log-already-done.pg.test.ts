/** Whether an object that comes back, e.g. with a GitOps sync, asks for what another operation has done and nobody undid. */
import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createSummary, frontier, insertEvents } from "../../test/support/summary-table.ts";
import { nameOf, type Operation, useOperations } from "./testing/operations.ts";

const { trickle, pool, connect, disconnectAll, value, claimed, call } = useOperations();
const TABLES = ["public.event_summary"];
const PAUSE = "select pgtrickle.pause_scheduler(array['event_summary'])";

type Answer = { uid: string; finished_at: string; target: number } | null;

interface Asked {
  readonly uid?: string;
  readonly tables?: string[];
  readonly cluster?: string | null;
  readonly namespace?: string | null;
  readonly name?: string | null;
  readonly key?: string | null;
}

/** The answer for a new object of the same name and content as the operation's, but for what is given. */
function alreadyDone(of: Operation, asked: Asked = {}): Promise<Answer> {
  const { uid, tables, cluster, namespace, name, key } = {
    ...{
      uid: randomUUID(),
      tables: TABLES,
      cluster: "cluster",
      namespace: "default",
      name: nameOf(of.uid),
      key: "key",
    },
    ...asked,
  };
  return value(pool(), "select pgtrickle_rewind.observe($1, $2, $3, null, $4, $5, $6, $7) -> 'already_done'", [
    ...[uid, tables, good, cluster, namespace, name, key],
  ]);
}

/** A snapshot with newer ones after it: the table is at the head. */
let good: number;

async function advance(): Promise<void> {
  await insertEvents(pool(), "click", 1);
  await pool().query("select pgtrickle.refresh('event_summary')");
}

async function rewound(snapshot = good): Promise<Operation> {
  const operation = await claimed();
  await call(pool(), "pause", operation);
  await call(pool(), "rewind", operation, snapshot);
  return operation;
}

async function succeeded(snapshot = good): Promise<Operation> {
  const operation = await rewound(snapshot);
  await call(pool(), "replay", operation);
  await call(pool(), "release", operation, "Succeeded");
  return operation;
}

beforeEach(async () => {
  await advance();
  good = await frontier(pool());
  await advance();
});

afterEach(async () => {
  await disconnectAll();
});

describe("an operation that succeeded", () => {
  test("is told to another object of the same name and content", async () => {
    const done = await succeeded();
    const answer = await alreadyDone(done);
    expect(answer).toEqual({ uid: done.uid, finished_at: expect.any(String), target: good });
    expect(Math.abs(Date.now() - new Date(answer?.finished_at ?? 0).getTime())).toBeLessThan(60_000);
  });

  test("is found by the table, however it is called", async () => {
    expect(await alreadyDone(await succeeded(), { tables: ["event_summary", "public.event_summary"] })).not.toBeNull();
  });

  test.each<[string, Asked]>([
    ["another cluster", { cluster: "another" }],
    ["another namespace", { namespace: "another" }],
    ["another name", { name: "another" }],
    ["another content", { key: "another" }],
    ["no cluster", { cluster: null }],
    ["no key", { key: null }],
    ["an unknown table", { tables: ["nothing"] }],
    ["a further table", { tables: ["event_summary", "nothing"] }],
  ])("is not told to %s", async (_name, asked) => {
    expect(await alreadyDone(await succeeded(), asked)).toBeNull();
  });

  test("is not told to an object that has an operation of its own, nor where nobody asks", async () => {
    const done = await succeeded();
    expect(await alreadyDone(done, { uid: done.uid })).toBeNull();
    const seen = await value<Record<string, unknown>>(pool(), "select pgtrickle_rewind.observe('x', $1, 0, null)", [
      TABLES,
    ]);
    expect(seen).toMatchObject({ already_done: null, database: new URL(trickle().url).pathname.slice(1) });
  });

  test("is still done after refreshes, a pause, and a rewind that left the table paused", async () => {
    const operation = await rewound();
    await call(pool(), "release", operation, "Succeeded", true);
    expect(await alreadyDone(operation)).toMatchObject({ uid: operation.uid });
    await pool().query("select pgtrickle.resume_scheduler(array['event_summary'])");
    await advance();
    await pool().query(PAUSE);
    await pool().query("select pgtrickle.refresh('event_summary', 'FULL')");
    expect(await alreadyDone(operation)).toMatchObject({ uid: operation.uid });
  });

  test("the last of several is told", async () => {
    const [first, second] = [await succeeded(), await succeeded()];
    await pool().query("update pgtrickle_rewind.operations set name = $2 where uid = $1", [
      first.uid,
      nameOf(second.uid),
    ]);
    expect(await alreadyDone(second)).toMatchObject({ uid: second.uid });
  });
});

test.each(["Failed", "Aborted"])("an operation that ended as %s has done nothing", async (outcome) => {
  const operation = await rewound();
  await call(pool(), "release", operation, outcome);
  expect(await alreadyDone(operation)).toBeNull();
});

test("an operation that succeeded without a rewind has done nothing", async () => {
  const operation = await claimed();
  await call(pool(), "release", operation, "Succeeded");
  expect(await alreadyDone(operation)).toBeNull();
});

describe("is not done any more once the table was moved back", () => {
  test.each<[string, () => Promise<unknown>]>([
    ["by another operation that succeeded", () => succeeded(good)],
    [
      "by another operation that failed and holds the table",
      async () => {
        await call(pool(), "abandon", await rewound(), "the assertion failed");
      },
    ],
    ["by another operation that goes on", () => rewound()],
    [
      "by a person's rewind",
      async () => {
        await pool().query(PAUSE);
        await pool().query("select pgtrickle.rewind(array['event_summary'], $1)", [good]);
      },
    ],
    [
      "by a person's step",
      async () => {
        await pool().query(PAUSE);
        await pool().query("select pgtrickle.step('event_summary', -1)");
      },
    ],
    [
      "by an edit of its frontier",
      async () => {
        await pool().query(PAUSE);
        await pool().query(
          `update pgtrickle.pgt_stream_tables set frontier = jsonb_set(frontier, '{sources,ducklake:lake.events,snapshot_id}', to_jsonb($1::int))
         where pgt_name = 'event_summary'`,
          [good],
        );
      },
    ],
  ])("%s, also when it has advanced again and the history is cut", async (_name, moveBack) => {
    const done = await succeeded();
    expect(await alreadyDone(done)).not.toBeNull();
    await moveBack();
    expect(await alreadyDone(done)).toBeNull();
    await pool().query("select pgtrickle_rewind.orphan(uid, cluster) from pgtrickle_rewind.operations");
    await pool().query("select pgtrickle.resume_scheduler(array['event_summary'])");
    for (let i = 0; i < 3; i++) await advance();
    await pool().query(
      "insert into pgtrickle_internal.settings (name, value) values ('journal_keep_refreshes', 1), ('history_keep_refreshes', 1)",
    );
    await pool().query("select pgtrickle.maintain()");
    await pool().query("delete from pgtrickle_internal.settings");
    expect(await alreadyDone(done)).toBeNull();
  });
});

test("a table that was dropped and created again is another one", async () => {
  const done = await succeeded();
  await pool().query("select pgtrickle.drop_stream_table('event_summary')");
  expect(await alreadyDone(done)).toBeNull();
  await createSummary(pool());
  expect(await alreadyDone(done)).toBeNull();
});

test("asking changes nothing and waits for nobody", async () => {
  const done = await succeeded();
  const operation = await rewound();
  const [worker, reader] = [await connect(), await connect()];
  await worker.query("begin");
  await call(worker, "keep_alive", operation);
  await reader.query("begin read only");
  await reader.query("set local lock_timeout = '1ms'");
  const seen = await value(
    reader,
    "select pgtrickle_rewind.observe($1, $2, $3, null, 'cluster', 'default', $4, 'key')",
    [...[randomUUID(), TABLES, good, nameOf(done.uid)]],
  );
  expect(seen).toMatchObject({ already_done: null });
  await worker.query("rollback");
});
