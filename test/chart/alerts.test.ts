/** The alerts as Prometheus itself plays them: each fires when it should, with the labels that it tells of, and not before. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { BUILD_TIMEOUT_MS, CHART } from "./chart.ts";
import { askPromql, ensurePromql, type Labels, type PromqlAnswer } from "./promql.ts";

const RULES = readFileSync(join(CHART, "files/alerts/streamtable-rewind.yaml"), "utf8");
const { groups } = parse(RULES) as { groups: { rules: { alert: string }[] }[] };
const alerts = groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
const { panels } = JSON.parse(readFileSync(join(CHART, "files/dashboards/streamtable-rewind.json"), "utf8")) as {
  panels: { title: string; targets: { expr: string }[] }[];
};

/** Two replicas see the same objects. */
const both = (metric: string, values: string): string[] =>
  ["a", "b"].map((pod) => `${metric.replace("{", `{namespace="rewind",pod="${pod}",`)} ${values}`);
const one = (metric: string, values: string): string =>
  `${metric.replace("{", '{namespace="rewind",pod="a",')} ${values}`;
const leads = one("strw_is_leader{}", "1x200");

interface Case {
  readonly name: string;
  readonly series: readonly string[];
  readonly minutes: number;
  /** Labels beside the namespace. */
  readonly fires: readonly Labels[];
}

const held = (reason: string) => both(`strw_tables_held{reason="${reason}"}`, "0 1x200");
const inPhase = (phase: string) => both(`strw_rewinds{phase="${phase}"}`, "0 1x200");

const operatorCases: readonly Case[] = [
  { name: "nothing to tell", series: [leads, ...inPhase("Queued")], minutes: 180, fires: [] },
  {
    ...{ name: "a rewind fails", series: [leads, one('strw_rewinds_finished_total{phase="Failed"}', "0x4 1x100")] },
    ...{ minutes: 6, fires: [{ alertname: "StreamTableRewindFailed" }] },
  },
  {
    ...{ name: "that was long ago", series: [leads, one('strw_rewinds_finished_total{phase="Failed"}', "0x4 1x100")] },
    ...{ minutes: 60, fires: [] },
  },
  { name: "failed and held, at first", series: [leads, ...held("Failed")], minutes: 10, fires: [] },
  ...["Failed", "Aborted"].map((reason) => ({
    ...{ name: `${reason} and held for ten minutes`, series: [leads, ...held(reason)], minutes: 11 },
    fires: [{ alertname: "StreamTableHeld", reason }],
  })),
  { name: "held for a decision, at first", series: [leads, ...held("AwaitingApproval")], minutes: 15, fires: [] },
  ...["AwaitingApproval", "AwaitingResume"].map((reason) => ({
    ...{ name: `held in ${reason} for a quarter of an hour`, series: [leads, ...held(reason)], minutes: 16 },
    fires: [{ alertname: "StreamTableHeldForDecision", reason }],
  })),
  ...["AwaitingApproval", "AwaitingResume"].map((phase) => ({
    ...{ name: `in ${phase} for an hour`, series: [leads, ...inPhase(phase)], minutes: 61 },
    fires: [{ alertname: "StreamTableRewindAwaitsPerson", phase }],
  })),
  {
    ...{ name: "a rewind replays for half an hour", series: [leads, ...inPhase("Replaying")], minutes: 31 },
    fires: [{ alertname: "StreamTableRewindStuck", phase: "Replaying" }],
  },
  {
    ...{ name: "one after the other, none for long", minutes: 60, fires: [] },
    series: [leads, ...both('strw_rewinds{phase="Replaying"}', "1x20 0 1x20 0 1x20")],
  },
  {
    ...{ name: "a step fails each minute", minutes: 15 },
    series: [leads, one('strw_step_retries_total{step="Replay",reason="LakeUnreachable"}', "0+1x100")],
    fires: [{ alertname: "StreamTableRewindRetrying", step: "Replay", reason: "LakeUnreachable" }],
  },
  {
    ...{ name: "a database refuses each minute", minutes: 15 },
    series: [leads, one('strw_database_errors_total{kind="statement",sqlstate="42501"}', "0+1x100")],
    fires: [{ alertname: "StreamTableRewindDatabaseErrors", kind: "statement", sqlstate: "42501" }],
  },
  {
    ...{ name: "nobody leads", series: both("strw_is_leader{}", "0x100"), minutes: 2 },
    fires: [{ alertname: "StreamTableRewindNoLeader" }],
  },
  {
    ...{ name: "no replica is scraped", series: ["another_metric 1x100"], minutes: 2 },
    fires: [{ alertname: "StreamTableRewindNoLeader", namespace: "" }],
  },
  {
    ...{ name: "the second replica leads", minutes: 60, fires: [] },
    series: [one("strw_is_leader{}", "0x100"), leads.replace('pod="a"', 'pod="b"')],
  },
  {
    ...{ name: "the leader changes every five minutes", minutes: 40 },
    series: [leads, one("strw_lease_transitions_total{}", "0x4 1x4 2x4 3x4 4x4 5x4 6x4 7x4 8x20")],
    fires: [{ alertname: "StreamTableRewindLeaderFlaps" }],
  },
  {
    ...{ name: "the leader's queue grows", minutes: 11 },
    series: [leads, one('workqueue_depth{name="streamtablerewinds"}', "0 20x100")],
    fires: [{ alertname: "StreamTableRewindQueueStuck" }],
  },
  {
    ...{ name: "half of the calls fail", minutes: 20 },
    series: [
      leads,
      one('strw_api_calls_total{verb="GET",resource="secrets",code="200"}', "0+60x100"),
      one('strw_api_calls_total{verb="GET",resource="secrets",code="503"}', "0+60x100"),
    ],
    fires: [{ alertname: "StreamTableRewindApiErrors" }],
  },
  {
    ...{ name: "a call is forbidden", minutes: 20 },
    series: [leads, one('strw_api_calls_total{verb="GET",resource="secrets",code="403"}', "0+1x100")],
    fires: [{ alertname: "StreamTableRewindForbidden", verb: "GET", resource: "secrets" }],
  },
];

const events = 'table="public.events"';
const interval = one("pgtrickle_scrub_interval_seconds{}", "600x300");

const scrubCases: readonly Case[] = [
  { name: "scrubs, and nothing healed", series: [leads, interval], minutes: 100, fires: [] },
  {
    ...{ name: "a table is healed, as two schedulers see it", minutes: 20 },
    series: [leads, interval, ...both(`pgtrickle_last_drift_timestamp_seconds{${events}}`, "600x300")],
    fires: [{ alertname: "StreamTableDrift", table: "public.events" }],
  },
  {
    ...{ name: "a table was healed more than an hour ago", minutes: 71, fires: [] },
    series: [leads, interval, one(`pgtrickle_last_drift_timestamp_seconds{${events}}`, "600x300")],
  },
  {
    ...{ name: "it is healed again, by the next pod", minutes: 90 },
    series: [
      ...[leads, interval, one(`pgtrickle_last_drift_timestamp_seconds{${events}}`, "600x50")],
      one(`pgtrickle_last_drift_timestamp_seconds{${events}}`, "_x55 3600x100").replace('pod="a"', 'pod="b"'),
    ],
    fires: [{ alertname: "StreamTableDrift", table: "public.events" }],
  },
  {
    ...{ name: "a table is scrubbed late, but within three intervals", minutes: 200, fires: [] },
    series: [leads, interval, one(`pgtrickle_scrub_age_seconds{${events}}`, "0+60x29 0+60x29 0+60x29 0+60x29 0+10x90")],
  },
  {
    ...{ name: "no scrub for three intervals, at first", minutes: 44, fires: [] },
    series: [leads, interval, one(`pgtrickle_scrub_age_seconds{${events}}`, "0+60x200")],
  },
  {
    ...{ name: "no scrub of one table for three intervals and a quarter of an hour", minutes: 47 },
    series: [
      ...[leads, interval, one(`pgtrickle_scrub_age_seconds{${events}}`, "0+60x200")],
      one('pgtrickle_scrub_age_seconds{table="public.other"}', "10x200"),
    ],
    fires: [{ alertname: "StreamTableScrubMissing", table: "public.events" }],
  },
  {
    ...{ name: "the scheduler is gone, at first", minutes: 39, fires: [] },
    series: [leads, one("pgtrickle_scrub_interval_seconds{}", "600x20")],
  },
  {
    ...{ name: "the scheduler is gone for a quarter of an hour", minutes: 42 },
    series: [leads, one("pgtrickle_scrub_interval_seconds{}", "600x20")],
    fires: [{ alertname: "StreamTableScrubMissing" }],
  },
];

const trouble = (kind: string, values: string) => both(`pgtrickle_lake_trouble{kind="${kind}"}`, values);

const lakeCases: readonly Case[] = [
  {
    ...{ name: "the lake is well", minutes: 60, fires: [] },
    series: [leads, interval, ...trouble("engine", "0x200"), ...trouble("version", "0x200")],
  },
  {
    ...{ name: "the engine is restarted", minutes: 30, fires: [] },
    series: [leads, interval, ...trouble("engine", "0x9 1x1 0x200")],
  },
  ...["engine", "version"].flatMap((kind): Case[] => [
    {
      ...{ name: `trouble with the lake, ${kind}, at first`, minutes: 3, fires: [] },
      series: [leads, interval, ...trouble(kind, "0 1x200")],
    },
    {
      ...{ name: `trouble with the lake, ${kind}, for three minutes`, minutes: 4 },
      series: [leads, interval, ...trouble(kind, "0 1x200")],
      fires: [{ alertname: "StreamTableLakeUnusable", kind }],
    },
    {
      ...{ name: `trouble with the lake, ${kind}, is over`, minutes: 22, fires: [] },
      series: [leads, interval, ...trouble(kind, "0 1x20 0x200")],
    },
  ]),
];

const cases: readonly Case[] = [...operatorCases, ...scrubCases, ...lakeCases];

let answers: readonly PromqlAnswer[];

beforeAll(async () => {
  await ensurePromql();
  answers = await askPromql(cases.map(({ series, minutes }) => ({ rules: RULES, series, minutes })));
}, BUILD_TIMEOUT_MS);

it("are rules that Prometheus loads", async () => {
  expect(await askPromql([{ rules: RULES }])).toEqual([{ errors: [] }]);
});

it("would be told to be wrong", async () => {
  const [answer] = await askPromql([{ rules: RULES.replace("max by", "maximum by") }]);
  expect(answer?.errors.join()).toContain("unexpected");
});

it.each(cases.map((one, index) => ({ ...one, index })))("$name", ({ fires, index }) => {
  const withNamespace = fires.map(({ namespace = "rewind", ...labels }) =>
    namespace === "" ? labels : { namespace, ...labels },
  );
  expect(answers[index]?.errors).toEqual([]);
  expect(answers[index]?.firing ?? []).toEqual(withNamespace);
});

it("all fire in one of these cases", () => {
  const played = new Set(cases.flatMap(({ fires }) => fires.map(({ alertname }) => alertname)));
  expect(alerts.filter((alert) => !played.has(alert))).toEqual([]);
});

describe("the dashboard", () => {
  const expressions = panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ title, expr })));

  it("has expressions that Prometheus reads", async () => {
    const read = await askPromql(expressions.map(({ expr }) => ({ expression: expr.replaceAll("$namespace", ".*") })));
    const wrong = expressions.map(({ title }, index) => ({ title, errors: read[index]?.errors }));
    expect(wrong.filter(({ errors }) => errors?.length !== 0)).toEqual([]);
  });
});
