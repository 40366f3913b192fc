/** The operator's own counts in an outage, minute by minute, given to Prometheus: the alert fires in it, and in nothing else. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import type { ControllerMeasurements, Log } from "../../operator/controller.ts";
import type { RewindDriver } from "../../operator/database/driver.ts";
import { createTrickleDriver } from "../../operator/database/trickle-driver.ts";
import { createMetrics, type Metrics } from "../../operator/telemetry/metrics.ts";
import { rewindMeasurements } from "../../operator/telemetry/rewinds.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { type FakeOutside, fakeDriver } from "../support/fake-trickle.ts";
import { FakedOperator } from "../support/faked-operator.ts";
import { startedAt } from "../support/make-observed.ts";
import { BUILD_TIMEOUT_MS, CHART } from "./chart.ts";
import { askPromql, ensurePromql, type Labels } from "./promql.ts";

const RULES = readFileSync(join(CHART, "files/alerts/streamtable-rewind.yaml"), "utf8");
const minute = 60_000;
/** As the chart has it (`monitoring.serviceMonitor.interval`). */
const scrapeSeconds = 30;

interface Case {
  /** Of when the database is away, in milliseconds from the start. */
  readonly outages: readonly (readonly [from: number, to: number])[];
  readonly rewinds: number;
  /** The tables are paused already when it begins; else the rewind is applied in the first second of it. */
  readonly hold: boolean;
}

/** Values as Prometheus sees them. */
class Scrapes {
  readonly #values = new Map<string, number[]>();
  #count = 0;

  async take({ registry }: Metrics): Promise<void> {
    const all = await registry.getMetricsAsJSON();
    const errors = all.find(({ name }) => name === "strw_database_errors_total");
    for (const { labels, value } of errors?.values ?? []) {
      const text = Object.entries(labels).map(([name, label]) => `${name}="${label}"`);
      const series = `strw_database_errors_total{${['namespace="rewind"', 'pod="a"', ...text].join()}}`;
      const values = this.#values.get(series) ?? Array.from({ length: this.#count }, () => Number.NaN);
      this.#values.set(series, [...values, value]);
    }
    this.#count += 1;
  }

  series(): string[] {
    return [...this.#values].map(
      ([name, values]) => `${name} ${values.map((v) => (Number.isNaN(v) ? "_" : v)).join(" ")}`,
    );
  }
}

/** What is logged must not tell the password. */
function recorder(lines: string[]): Log {
  const write = (fields: object, message: string) => {
    lines.push(`${message} ${JSON.stringify(fields)}`);
  };
  const log: Log = { child: () => log, debug: write, info: write, warn: write, error: write };
  return log;
}

class Operator {
  readonly metrics = createMetrics({ processMetrics: false });
  readonly lines: string[] = [];
  nowMs = 0;
  readonly #given: Case;
  readonly #real = createTrickleDriver();
  readonly #clock = new FakeClock();

  constructor(given: Case) {
    this.#given = given;
  }

  async play(minutes: number): Promise<string[]> {
    const measurements = rewindMeasurements(this.metrics, this.#clock);
    const scrapes = new Scrapes();
    const rewinds = Array.from({ length: this.#given.rewinds }, () => this.#rewind(measurements));
    const due = rewinds.map(() => 0);
    for (let scrapeAt = 0; scrapeAt <= minutes * minute; scrapeAt += scrapeSeconds * 1_000) {
      for (const [index, rewind] of rewinds.entries()) await this.#playUntil(scrapeAt, rewind, due, index);
      await scrapes.take(this.metrics);
    }
    return scrapes.series();
  }

  async #playUntil(untilMs: number, rewind: FakedOperator, due: number[], index: number): Promise<void> {
    for (let next = due[index] ?? 0; next <= untilMs; next = due[index] ?? 0) {
      this.nowMs = next;
      rewind.nowMs = startedAt + next;
      const requeueAfterMs = (await rewind.reconcile()) ?? Number.POSITIVE_INFINITY;
      due[index] = next + Math.max(1, requeueAfterMs);
    }
  }

  #isAway(): boolean {
    return this.#given.outages.some(([from, to]) => this.nowMs >= from && this.nowMs < to);
  }

  #driver(outside: FakeOutside): RewindDriver {
    const fake = fakeDriver(outside);
    return { open: (...given) => (this.#isAway() ? this.#real : fake).open(...given) };
  }

  #rewind(measurements: ControllerMeasurements): FakedOperator {
    return new FakedOperator({
      spec: this.#given.hold ? { approval: { mode: "Manual", hold: true } } : {},
      // Nobody listens on port 1: refused, by the real driver.
      uri: "postgres://app:hunter2@127.0.0.1:1/timetravel",
      driver: (outside) => this.#driver(outside),
      ...{ logger: recorder(this.lines), measurements },
    });
  }
}

async function firingAfter(minutes: number, given: Case): Promise<readonly Labels[]> {
  const operator = new Operator(given);
  const leads = 'strw_is_leader{namespace="rewind",pod="a"} 1x200';
  const series = [leads, ...(await operator.play(minutes))];
  expect(operator.lines.join("\n")).not.toContain("hunter2");
  expect(series.join("\n")).not.toMatch(/hunter2|127\.0\.0\.1/);
  const [answer] = await askPromql([{ rules: RULES, series, minutes, seconds: scrapeSeconds }]);
  expect(answer?.errors).toEqual([]);
  return answer?.firing?.filter(({ alertname }) => alertname === "StreamTableRewindDatabaseErrors") ?? [];
}

beforeAll(ensurePromql, BUILD_TIMEOUT_MS);

const always = Number.POSITIVE_INFINITY;
const fires = [{ alertname: "StreamTableRewindDatabaseErrors", namespace: "rewind", kind: "refused" }];

it.each<[string, number, Case, readonly Labels[]]>([
  [
    "the database goes away under a rewind that has paused its tables",
    12,
    { outages: [[1_000, always]], rewinds: 1, hold: true },
    fires,
  ],
  ["it still does after an hour", 60, { outages: [[1_000, always]], rewinds: 1, hold: true }, fires],
  // It gives up after 160 s, of which StreamTableRewindFailed tells.
  ["a rewind is applied while the database is away", 5, { outages: [[0, always]], rewinds: 1, hold: false }, fires],
  ["the database is back for a while", 30, { outages: [[1_000, 12 * minute]], rewinds: 1, hold: true }, []],
  ...[3, 5, 8].map((minutes): [string, number, Case, readonly Labels[]] => [
    `a failover of 40 s under ten rewinds, after ${minutes} minutes`,
    minutes,
    { outages: [[1_000, 41_000]], rewinds: 10, hold: true },
    [],
  ]),
  ["nothing is wrong", 30, { outages: [], rewinds: 3, hold: true }, []],
])("%s", async (_case, minutes, given, wanted) => {
  expect(await firingAfter(minutes, given)).toEqual(wanted);
});
