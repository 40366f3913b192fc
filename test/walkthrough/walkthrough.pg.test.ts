// The demo document, statement by statement, through psql. Its good snapshot is 42 here too, so that nothing in it has to be
// replaced. The document asks for it in one go; here each promise of it is a test, in the document's order.

import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { StackProcess } from "../../stack/processes.ts";
import { startScheduler } from "../../stack/scheduler.ts";
import { useTrickle } from "../support/trickle.ts";
import { EXAMPLE_SETUP, PlayedDocument, type Rows } from "./played-document.ts";

const GOOD_SNAPSHOT = 42;
// The stream table is refreshed each 5 s, and the document grants it 5 to 10.
const CYCLE = { timeout: 50_000, interval: 100 };

const LOCALES = [
  { name: "C.UTF-8", locale: undefined },
  { name: "en_US (ICU)", locale: "en_US" },
];

const typesOf = (rows: Rows) => rows.map((row) => row[0]);

describe.each(LOCALES)("the demo document, in a database with locale $name", ({ locale }) => {
  const trickle = useTrickle({ locale, setupFile: EXAMPLE_SETUP });
  let scheduler: StackProcess;
  let demo: PlayedDocument;
  let goodRows: Rows;

  beforeAll(async () => {
    const { url, dataPath } = trickle();
    demo = new PlayedDocument(trickle(), "demo.sql");
    scheduler = await startScheduler({ databaseUrl: url, logFile: join(dataPath, "../log/scheduler.log") });
    await demo.writeUntilSnapshot(GOOD_SNAPSHOT);
  });

  afterAll(async () => {
    await scheduler?.stop();
  });

  it("step 2: the stream table runs", async () => {
    await expect
      .poll(async () => (await demo.rows("stream table"))[0]?.slice(0, 2), CYCLE)
      .toEqual(["event_summary", "ACTIVE"]);
    await expect
      .poll(async () => (await demo.rows("stream table"))[0]?.[2], CYCLE)
      .toBe(`{"sources": {"ducklake:lake.events": {"snapshot_id": ${GOOD_SNAPSHOT}}}}`);
    const refreshedAt = (await demo.rows("stream table"))[0]?.[3] ?? "";
    expect(Date.parse(refreshedAt)).toBeGreaterThan(Date.now() - 60_000);
  });

  it("step 2: the summary has the lake's events, in the document's order", async () => {
    goodRows = await demo.rows("summary");
    expect(typesOf(goodRows)).toEqual(["click", "purchase", "view"]);
    expect(goodRows).toEqual(await demo.truthAt(GOOD_SNAPSHOT));
  });

  it("step 3: the good snapshot is recorded", async () => {
    expect(await demo.rows("good snapshot")).toEqual([[String(GOOD_SNAPSHOT), "3"]]);
  });

  it("step 4: a bad batch job corrupts the summary within a refresh cycle, CORRUPTED_EVENT first", async () => {
    await demo.play("bug");
    await demo.writeBatches(1);
    await expect.poll(async () => typesOf(await demo.rows("summary")), CYCLE).toContain("CORRUPTED_EVENT");
    await expect.poll(() => demo.rows("summary"), CYCLE).toEqual(await demo.truthAt(await demo.head()));
    const rows = await demo.rows("summary");
    expect(rows[0]).toEqual(["CORRUPTED_EVENT", "1000", "999999000"]);
    expect(typesOf(rows)).toEqual(["CORRUPTED_EVENT", "click", "purchase", "view"]);
  });

  it("step 5: it is paused, its frontier is set back, and a FULL refresh is forced", async () => {
    await demo.play("pause");
    expect(await demo.rows("paused")).toEqual([["event_summary", "PAUSED"]]);
    await demo.play("rewind frontier");
    await demo.play("full refresh");
  });

  it("step 6: the summary is what it was at the good snapshot, and so is the frontier", async () => {
    expect(await demo.rows("summary")).toEqual(goodRows);
    expect(await demo.rows("rewound snapshot")).toEqual([[String(GOOD_SNAPSHOT)]]);
    expect(await demo.rows("paused")).toEqual([["event_summary", "PAUSED"]]);
  });

  it("step 7: resumed without a repair, the corrupted events re-appear", async () => {
    await demo.play("resume");
    await expect.poll(() => demo.rows("summary"), CYCLE).toEqual(await demo.truthAt(await demo.head()));
    expect(typesOf(await demo.rows("summary"))).toContain("CORRUPTED_EVENT");
    expect((await demo.rows("paused"))[0]?.[1]).toBe("ACTIVE");
  });

  it("step 6: repeated later, the rewind gives identical results", async () => {
    await demo.writeBatches(2);
    for (const block of ["pause", "rewind frontier", "full refresh"]) {
      await demo.play(block);
    }
    expect(await demo.rows("summary")).toEqual(goodRows);
    expect(await demo.value("select ok from pgtrickle.verify('event_summary')")).toBe("t");
  });

  it("step 7: with the bad rows deleted before, the corrupted events are not replayed, not even for a moment", async () => {
    await demo.play("repair and resume");
    const expected = await demo.truthAt(await demo.head());
    const seen = new Set<string | undefined>();
    const readOn = async () => {
      const rows = await demo.rows("summary");
      for (const type of typesOf(rows)) {
        seen.add(type);
      }
      return rows;
    };
    await expect.poll(readOn, CYCLE).toEqual(expected);
    expect([...seen].sort()).toEqual(["click", "purchase", "view"]);
  });

  it("and the table goes on with new events", async () => {
    await demo.writeBatches(1);
    await expect.poll(() => demo.rows("summary"), CYCLE).toEqual(await demo.truthAt(await demo.head()));
  });

  describe("and the walkthrough of its README after it", () => {
    let readme: PlayedDocument;
    beforeAll(() => {
      readme = new PlayedDocument(trickle(), "readme.sql");
    });

    it("1 and 2: it shows the current snapshot", async () => {
      const head = String(await readme.head());
      await expect.poll(() => readme.rows("1 current snapshot"), CYCLE).toEqual([[head, "3"]]);
      expect(await readme.rows("2 good snapshot")).toEqual([[head]]);
    });

    it("3 to 5: bugged, then rewound to 42 in one block", async () => {
      await demo.play("bug");
      await expect.poll(() => readme.rows("3 bugged state"), CYCLE).toEqual([["4"]]);
      await readme.play("4 pause and rewind");
      expect((await readme.play("5 rewound")).map((result) => result.rows)).toEqual([
        [["3"]],
        [[String(GOOD_SNAPSHOT)]],
      ]);
      expect(await demo.rows("summary")).toEqual(goodRows);
    });

    it("6: resumed, it replays forwards from there", async () => {
      await readme.play("6 resume");
      await expect.poll(() => demo.rows("summary"), CYCLE).toEqual(await demo.truthAt(await demo.head()));
    });
  });
});
