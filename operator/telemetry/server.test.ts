import { afterEach, expect, test } from "vitest";
import { callMeasurements, queueMeasurements, reflectorMeasurements, statusMeasurements } from "./measurements.ts";
import { createMetrics } from "./metrics.ts";
import { type ProbeServer, parseAddress, startProbeServer } from "./server.ts";

let server: ProbeServer | undefined;
afterEach(() => server?.close());

const metrics = createMetrics({ processMetrics: false });

async function start(
  problems: { live?: string[]; ready?: string[] } = {},
): Promise<(path: string, init?: object) => Promise<[number, string]>> {
  server = await startProbeServer({
    address: "127.0.0.1:0",
    metrics: metrics.registry,
    liveness: () => problems.live ?? [],
    readiness: () => problems.ready ?? [],
  });
  const { host, port } = server;
  return async (path, init = {}) => {
    const response = await fetch(`http://${host}:${port}${path}`, init);
    return [response.status, await response.text()];
  };
}

test("probes answer 200, or 503 with the reason", async () => {
  const ask = await start({ ready: ["the caches are not filled yet"] });
  expect(await ask("/healthz")).toEqual([200, "ok\n"]);
  expect(await ask("/readyz?verbose")).toEqual([503, "the caches are not filled yet\n"]);
});

test("nothing else is served, and nothing is taken", async () => {
  const ask = await start();
  expect((await ask("/"))[0]).toBe(404);
  expect((await ask("/metrics", { method: "POST", body: "x" }))[0]).toBe(405);
});

test("what kube/ measures is in /metrics under its name", async () => {
  callMeasurements(metrics)({ verb: "GET", resource: "secrets", code: "200", durationMs: 12 });
  const reflector = reflectorMeasurements(metrics);
  reflector.cached("streamtablerewinds", 3);
  reflector.watchRestarted("streamtablerewinds", "gone");
  reflector.missed("streamtablerewinds", 2);
  const queue = queueMeasurements(metrics, "rewinds");
  queue.added();
  queue.depth(1);
  queue.waited(10);
  queue.worked(20);
  queue.retried();
  queue.running(1);
  const status = statusMeasurements(metrics);
  status.conflict();
  const [code, text] = await (await start())("/metrics");
  expect(code).toBe(200);
  const samples = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  expect(samples).toEqual(
    expect.arrayContaining([
      'strw_api_calls_total{verb="GET",resource="secrets",code="200"} 1',
      'strw_api_call_duration_seconds_sum{verb="GET",resource="secrets"} 0.012',
      'strw_cached_objects{resource="streamtablerewinds"} 3',
      'strw_watch_restarts_total{resource="streamtablerewinds",reason="gone"} 1',
      'strw_missed_changes_total{resource="streamtablerewinds"} 2',
      'workqueue_adds_total{name="rewinds"} 1',
      'workqueue_depth{name="rewinds"} 1',
      'workqueue_running{name="rewinds"} 1',
      'workqueue_retries_total{name="rewinds"} 1',
      'workqueue_queue_duration_seconds_sum{name="rewinds"} 0.01',
      'workqueue_work_duration_seconds_sum{name="rewinds"} 0.02',
      "strw_status_conflicts_total 1",
    ]),
  );
});

test("every metric has a name of ours and a help text", async () => {
  for (const { name, help } of await metrics.registry.getMetricsAsJSON()) {
    expect(name).toMatch(/^(strw|workqueue)_[a-z_]+$/);
    expect(help.endsWith(".")).toBe(true);
  }
});

test.each([
  ["127.0.0.1:8080", { host: "127.0.0.1", port: 8080 }],
  ["[::1]:8080", { host: "::1", port: 8080 }],
  [":8080", { host: undefined, port: 8080 }],
])("address %s", (address, want) => {
  expect(parseAddress(address)).toEqual(want);
});

test.each(["8080", "localhost", "localhost:", "::1:8080", "x:70000"])("%s is no address", (address) => {
  expect(() => parseAddress(address)).toThrow(address);
});
