// Metrics as Prometheus reads them, over HTTP.
import { connect } from "node:net";
import { afterEach, expect, test } from "vitest";
import { until } from "../../test/support/until.ts";
import type { Facts, ScrubFact } from "./database.ts";
import { METRICS, metricsText } from "./metrics.ts";
import { type MetricsServer, startMetricsServer } from "./metrics-server.ts";

const fact: ScrubFact = {
  ...{ tableName: "public.events", ageSeconds: 12.5, driftCount: 2, damageCount: 0 },
  ...{ lastDriftAt: 1_700_000_000.5, intervalSeconds: 3600 },
};
const paused: ScrubFact = { ...fact, tableName: 'odd."a\\b\nc"', ageSeconds: null, lastDriftAt: null };
const healthy: Facts = { scrubs: [fact], lakeTrouble: null };
const samples = (text: string) => text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));

let server: MetricsServer | undefined;
afterEach(() => server?.close());

test("each table has its age, its counts and its last drift; one that is not scrubbed has no age", () => {
  expect(samples(metricsText({ scrubs: [fact, paused], lakeTrouble: null }))).toEqual([
    'pgtrickle_lake_trouble{kind="engine"} 0',
    'pgtrickle_lake_trouble{kind="version"} 0',
    "pgtrickle_scrub_interval_seconds 3600",
    'pgtrickle_scrub_age_seconds{table="public.events"} 12.5',
    'pgtrickle_drift_total{table="public.events",kind="drift"} 2',
    'pgtrickle_drift_total{table="public.events",kind="damage"} 0',
    'pgtrickle_drift_total{table="odd.\\"a\\\\b\\nc\\"",kind="drift"} 2',
    'pgtrickle_drift_total{table="odd.\\"a\\\\b\\nc\\"",kind="damage"} 0',
    'pgtrickle_last_drift_timestamp_seconds{table="public.events"} 1700000000.5',
  ]);
});

test.each([
  ["engine", ["1", "0"]],
  ["version", ["0", "1"]],
] as const)("trouble of kind %s is told as such, and as no other", (lakeTrouble, values) => {
  expect(samples(metricsText({ scrubs: [], lakeTrouble }))).toEqual([
    `pgtrickle_lake_trouble{kind="engine"} ${values[0]}`,
    `pgtrickle_lake_trouble{kind="version"} ${values[1]}`,
  ]);
});

test("each metric has its type and a help text", () => {
  const text = metricsText({ scrubs: [], lakeTrouble: null });
  for (const { name, type, help } of METRICS) {
    expect(text).toContain(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`);
    expect(help.endsWith(".")).toBe(true);
  }
});

test("it serves GET /metrics, and nothing else", async () => {
  server = await startMetricsServer("127.0.0.1:0", async () => healthy);
  const { url } = server;
  const answer = await fetch(url);
  expect([answer.status, answer.headers.get("content-type")]).toEqual([
    200,
    "text/plain; version=0.0.4; charset=utf-8",
  ]);
  expect(samples(await answer.text())).toHaveLength(7);
  expect((await fetch(url, { method: "POST", body: "x" })).status).toBe(405);
  expect((await fetch(url.replace("/metrics", "/"))).status).toBe(404);
});

test("a database that does not answer is 503, without what it said, and is asked once for all who wait", async () => {
  const answer = Promise.withResolvers<Facts>();
  let asked = 0;
  server = await startMetricsServer("127.0.0.1:0", () => {
    asked += 1;
    return answer.promise;
  });
  const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
  const request = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
  let said = "";
  socket.on("data", (chunk) => {
    said += chunk;
  });
  // In one piece: the server has both requests when it asks for the first one.
  socket.write(request + request);
  await until(() => asked > 0);
  answer.reject(new Error("postgresql://user:secret@host"));
  await until(() => said.split("the database does not answer").length === 3);
  socket.destroy();
  expect(said.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 503", "HTTP/1.1 503"]);
  expect(said).not.toContain("secret");
  expect(asked).toBe(1);
});

test("an address that is taken is an error at the start", async () => {
  server = await startMetricsServer("127.0.0.1:0", async () => healthy);
  const { host } = new URL(server.url);
  await expect(startMetricsServer(host, async () => healthy)).rejects.toThrow(/EADDRINUSE/);
});
