import { describe, expect, it } from "vitest";
import { FakeClock } from "../../test/support/fake-clock.ts";
import type { StreamTableRewindStatus } from "../api/status.ts";
import type { CustomObject, Store } from "../kube/types.ts";
import { createMetrics } from "./metrics.ts";
import { countRewinds, rewindMeasurements } from "./rewinds.ts";

function makeStore(statuses: readonly StreamTableRewindStatus[]): Store<CustomObject> {
  const metadata = { name: "r", namespace: "default", uid: "u", resourceVersion: "1" };
  const objects = statuses.map((status) => ({ metadata, spec: {}, status }));
  return { get: () => undefined, list: () => objects, size: objects.length };
}

async function sample(metrics: ReturnType<typeof createMetrics>, line: string): Promise<string | undefined> {
  const text = await metrics.registry.metrics();
  return text
    .split("\n")
    .find((candidate) => candidate.startsWith(`${line} `))
    ?.slice(line.length + 1);
}

describe("countRewinds", () => {
  it("counts by phase, and tables that are claimed or held", async () => {
    const metrics = createMetrics({ processMetrics: false });
    const table = (held: boolean) => ({ name: "public.t", held });
    countRewinds(
      metrics,
      makeStore([
        {},
        { phase: "Rewinding", startTime: "2026-11-22T12:00:00Z", tables: [table(true), table(true)] },
        { phase: "Failed", startTime: "2026-11-22T12:00:00Z", tables: [table(true)] },
        { phase: "Succeeded", startTime: "2026-11-22T12:00:00Z", tables: [table(false)] },
      ]),
    );
    expect(await sample(metrics, 'strw_rewinds{phase="Pending"}')).toBe("1");
    expect(await sample(metrics, 'strw_rewinds{phase="Failed"}')).toBe("1");
    expect(await sample(metrics, 'strw_rewinds{phase="Queued"}')).toBe("0");
    expect(await sample(metrics, "strw_db_claims_held")).toBe("2");
    expect(await sample(metrics, 'strw_tables_held{reason="Failed"}')).toBe("1");
  });

  it("goes down again when nothing is held any more", async () => {
    const metrics = createMetrics({ processMetrics: false });
    countRewinds(metrics, makeStore([{ phase: "Failed", tables: [{ name: "t", held: true }] }]));
    countRewinds(metrics, makeStore([]));
    expect(await sample(metrics, 'strw_tables_held{reason="Failed"}')).toBe("0");
  });
});

describe("rewindMeasurements", () => {
  it("tells how long a rewind was in a phase, and how it ended", async () => {
    const metrics = createMetrics({ processMetrics: false });
    const clock = new FakeClock();
    const measurements = rewindMeasurements(metrics, clock);
    measurements.phaseChanged("u", undefined, "Planning");
    await clock.advance(2_000);
    measurements.phaseChanged("u", "Planning", "Failed");
    expect(await sample(metrics, 'strw_rewind_phase_seconds_sum{phase="Planning"}')).toBe("2");
    expect(await sample(metrics, 'strw_rewinds_finished_total{phase="Failed"}')).toBe("1");
  });

  it("has a count for each end from the start, so that the first failure is a rise", async () => {
    const metrics = createMetrics({ processMetrics: false });
    rewindMeasurements(metrics, new FakeClock());
    expect(await sample(metrics, 'strw_rewinds_finished_total{phase="Failed"}')).toBe("0");
  });

  it("does not guess the time before a restart", async () => {
    const metrics = createMetrics({ processMetrics: false });
    rewindMeasurements(metrics, new FakeClock()).phaseChanged("u", "Rewinding", "Repairing");
    expect(await sample(metrics, 'strw_rewind_phase_seconds_count{phase="Rewinding"}')).toBeUndefined();
  });
});
