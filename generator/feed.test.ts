import { describe, expect, it } from "vitest";
import type { FeedOptions, Rate } from "./feed.ts";
import { runFeed } from "./feed.ts";
import type { LakeEvent } from "./scenario.ts";
import { buildScenario } from "./scenario.ts";

interface Run {
  readonly batches: { readonly atMs: number; readonly events: readonly LakeEvent[] }[];
  readonly reports: Rate[];
  readonly abort: AbortController;
  readonly options: FeedOptions;
}

/** A feed over a fake clock; `afterBatch` sees each batch and may stop the feed or let time pass. */
function makeRun(overrides: Partial<FeedOptions> & { stopAfter?: number; writeMs?: number } = {}): Run {
  const { stopAfter = 3, writeMs = 0, ...rest } = overrides;
  const abort = new AbortController();
  const run: Run = { batches: [], reports: [], abort, options: undefined as never };
  let clockMs = 0;
  const options: FeedOptions = {
    scenario: buildScenario("steady", "7"),
    batchSize: 50,
    intervalMs: 2000,
    signal: abort.signal,
    nowMs: () => clockMs,
    pause: async (delayMs) => {
      clockMs += delayMs;
    },
    report: (rate) => run.reports.push(rate),
    write: async (events) => {
      run.batches.push({ atMs: clockMs, events });
      clockMs += writeMs;
      if (run.batches.length === stopAfter) {
        abort.abort();
      }
      return true;
    },
    ...rest,
  };
  return Object.assign(run, { options });
}

describe("the feed", () => {
  it("writes one batch a tick, from start to start", async () => {
    const run = makeRun({ writeMs: 300 });
    expect(await runFeed(run.options)).toEqual({ totalEvents: 150, isComplete: true });
    expect(run.batches.map((batch) => batch.atMs)).toEqual([0, 2000, 4000]);
    expect(run.batches.map((batch) => batch.events.length)).toEqual([50, 50, 50]);
  });

  it("never writes an event twice and never leaves one out", async () => {
    const run = makeRun({ stopAfter: 5, batchSize: 7 });
    await runFeed(run.options);
    const expected = Array.from({ length: 35 }, (_, index) => buildScenario("steady", "7").eventAt(index));
    expect(run.batches.flatMap((batch) => batch.events)).toEqual(expected);
  });

  it("does not make up for ticks that a slow commit took", async () => {
    const run = makeRun({ writeMs: 5000 });
    await runFeed(run.options);
    expect(run.batches.map((batch) => batch.atMs)).toEqual([0, 5000, 10_000]);
  });

  it("reports its rate each ten seconds and what is left at the end", async () => {
    const run = makeRun({ stopAfter: 8 });
    await runFeed(run.options);
    expect(run.reports).toEqual([
      { events: 250, batches: 5, eventsPerSecond: 25, totalEvents: 250 },
      { events: 150, batches: 3, eventsPerSecond: 25, totalEvents: 400 },
    ]);
  });

  it("writes a scenario that has an end as one batch, then ends", async () => {
    const run = makeRun({ scenario: buildScenario("corrupted", "7"), stopAfter: 99 });
    expect(await runFeed(run.options)).toEqual({ totalEvents: 1000, isComplete: true });
    expect(run.batches.map((batch) => batch.events.length)).toEqual([1000]);
  });

  it("says when it was stopped before the end of its scenario", async () => {
    const run = makeRun({ scenario: buildScenario("corrupted", "7"), write: async () => false });
    expect(await runFeed(run.options)).toEqual({ totalEvents: 0, isComplete: false });
  });
});
