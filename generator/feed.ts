// The generator's loop: one batch a tick, a report of the rate each ten seconds, a clean end. Knows no database and no clock
// of its own, so that tests run it in no time.

import type { LakeEvent, Scenario } from "./scenario.ts";
import { sliceEvents } from "./scenario.ts";

export interface FeedOptions {
  readonly scenario: Scenario;
  readonly batchSize: number;
  readonly intervalMs: number;
  readonly signal: AbortSignal;
  readonly write: (events: readonly LakeEvent[], signal: AbortSignal) => Promise<boolean>;
  readonly nowMs: () => number;
  readonly pause: (delayMs: number, signal: AbortSignal) => Promise<void>;
  readonly report: (rate: Rate) => void;
}

export interface Rate {
  readonly events: number;
  readonly batches: number;
  readonly eventsPerSecond: number;
  readonly totalEvents: number;
}

export interface FeedResult {
  readonly totalEvents: number;
  /** False when the scenario has an end and the feed was stopped before it. */
  readonly isComplete: boolean;
}

const REPORT_INTERVAL_MS = 10_000;

function createMeter(nowMs: () => number, report: (rate: Rate) => void) {
  let since = nowMs();
  let events = 0;
  let batches = 0;
  let totalEvents = 0;
  return {
    total: () => totalEvents,
    count(eventCount: number): void {
      events += eventCount;
      batches += 1;
      totalEvents += eventCount;
    },
    reportAfter(intervalMs: number): void {
      const elapsedMs = nowMs() - since;
      if (batches === 0 || elapsedMs < intervalMs) {
        return;
      }
      const eventsPerSecond = Math.round((events / Math.max(1, elapsedMs)) * 10_000) / 10;
      report({ events, batches, eventsPerSecond, totalEvents });
      since = nowMs();
      events = 0;
      batches = 0;
    },
  };
}

export async function runFeed(options: FeedOptions): Promise<FeedResult> {
  const { scenario, signal, nowMs } = options;
  // A scenario with an end is one bad commit, not a trickle.
  const batchSize = scenario.eventCount ?? options.batchSize;
  const meter = createMeter(nowMs, options.report);
  let isComplete = scenario.eventCount === undefined;
  while (!signal.aborted) {
    const startedMs = nowMs();
    const events = sliceEvents(scenario, meter.total(), batchSize);
    if (events.length === 0) {
      isComplete = true;
      break;
    }
    if (!(await options.write(events, signal))) {
      break;
    }
    meter.count(events.length);
    // From start to start, so that a slow commit does not slow the rate down; one that took longer than a tick is not made up for.
    await options.pause(Math.max(0, startedMs + nextDelayMs(scenario, options) - nowMs()), signal);
    meter.reportAfter(REPORT_INTERVAL_MS);
  }
  meter.reportAfter(0);
  return { totalEvents: meter.total(), isComplete: isComplete || meter.total() === scenario.eventCount };
}

function nextDelayMs(scenario: Scenario, { intervalMs }: FeedOptions): number {
  return scenario.eventCount === undefined ? intervalMs : 0;
}
