import { expect, test } from "vitest";
import { createMetrics } from "../../operator/telemetry/metrics.ts";
import { METRICS } from "../../pg_trickle/scheduler/metrics.ts";
import { metricsPage } from "./metrics-page.ts";

test("each metric is told with type, labels, help, and the alerts that use it", () => {
  const operator = [
    { name: "a_total", help: "A | b.", type: "counter", labelNames: ["x", "y"] },
    { name: "a", help: "A.", type: "gauge" },
    { name: "h_seconds", help: "H.", type: "histogram" },
  ];
  const rules = [
    { alert: "One", expr: "rate(a_total[5m]) > 1" },
    { alert: "Two", expr: "histogram_quantile(0.9, h_seconds_bucket) > 1 and a_total > 0" },
  ];
  const lines = metricsPage({ operator, scheduler: METRICS, alerts: { groups: [{ rules }] } }).split("\n");
  expect(lines).toContain(
    "| `a_total` | counter | `x`, `y` | A \\| b. | [One](../runbooks/One.md), [Two](../runbooks/Two.md) |",
  );
  expect(lines).toContain("| `a` | gauge |  | A. |  |");
  expect(lines).toContain("| `h_seconds` | histogram |  | H. | [Two](../runbooks/Two.md) |");
  for (const { name, type } of METRICS) {
    expect(lines.filter((line) => line.startsWith(`| \`${name}\` | ${type} | `))).toHaveLength(1);
  }
});

test("the operator's registry gives types as words, and labels", () => {
  const operator = createMetrics({ processMetrics: false }).registry.getMetricsAsArray();
  const page = metricsPage({ operator, scheduler: METRICS, alerts: { groups: [] } });
  expect(page).toContain("\n| `strw_rewinds_finished_total` | counter | `phase` | ");
  expect(page).toContain("\n| `workqueue_depth` | gauge | `name` | ");
  expect(page).toContain("\n| `strw_rewind_phase_seconds` | histogram | `phase` | ");
});
