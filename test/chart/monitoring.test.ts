/** Alerts and dashboard say nothing of metrics, labels or phases that there are not, and each alert has its runbook. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { phases } from "../../operator/api/status.ts";
import { ObjectStore } from "../../operator/kube/store.ts";
import type { CustomObject } from "../../operator/kube/types.ts";
import { createMetrics } from "../../operator/telemetry/metrics.ts";
import { countRewinds } from "../../operator/telemetry/rewinds.ts";
import { METRICS as SCHEDULER_METRICS } from "../../pg_trickle/scheduler/metrics.ts";
import { CHART } from "./chart.ts";

const RUNBOOKS = fileURLToPath(new URL("../../docs/runbooks", import.meta.url));

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

interface Panel {
  readonly title: string;
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const read = (path: string) => readFileSync(join(CHART, path), "utf8");
const { groups } = parse(read("files/alerts/streamtable-rewind.yaml")) as { groups: { rules: Rule[] }[] };
const alerts = groups.flatMap(({ rules }) => rules);
const { panels } = JSON.parse(read("files/dashboards/streamtable-rewind.json")) as { panels: Panel[] };

const metrics = createMetrics({ processMetrics: true });
const { registry } = metrics;
afterAll(() => registry.clear());
const defined = [
  ...(registry.getMetricsAsArray() as unknown as { name: string; type: string; labelNames: readonly string[] }[]),
  ...SCHEDULER_METRICS,
];
const namesOfMetrics = new Set(
  defined.flatMap(({ name, type }) =>
    type === "histogram" ? ["_bucket", "_sum", "_count"].map((suffix) => `${name}${suffix}`) : [name],
  ),
);
/** What Prometheus itself adds at a scrape, and the one of histograms. */
const SCRAPE_LABELS = ["namespace", "pod", "le"];

const metricsIn = (expr: string) => expr.match(/\b(strw|workqueue|process|nodejs|pgtrickle)_\w+/g) ?? [];

const expressions = [
  ...alerts.map(({ alert, expr }) => ({ name: `alert ${alert}`, expr })),
  ...panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ name: `panel ${title}`, expr }))),
];

describe.each(expressions)("$name", ({ expr }) => {
  it("names metrics that operator or scheduler have", () => {
    expect(metricsIn(expr).length).toBeGreaterThan(0);
    expect(metricsIn(expr).filter((name) => !namesOfMetrics.has(name))).toEqual([]);
  });

  it("names labels that its metrics have", () => {
    const known = defined
      .filter(({ name }) => metricsIn(expr).some((used) => used === name || used.startsWith(`${name}_`)))
      .flatMap(({ labelNames }) => labelNames);
    const matched = [...expr.matchAll(/[{,]\s*(\w+)\s*=?[=~!]/g)].map(([, label]) => label ?? "");
    const grouped = [...expr.matchAll(/(?:by|on)\s*\(([^)]*)\)/g)].flatMap(([, list]) => (list ?? "").split(/,\s*/));
    expect([...matched, ...grouped].filter((label) => ![...known, ...SCRAPE_LABELS].includes(label))).toEqual([]);
  });

  it("names phases that there are", () => {
    const named = [...expr.matchAll(/phase=~?"([^"]*)"/g)].flatMap(([, list]) => (list ?? "").split("|"));
    expect(named.filter((phase) => !(phases as readonly string[]).includes(phase))).toEqual([]);
  });
});

describe("held tables", () => {
  const alerted = alerts.flatMap(({ expr }) =>
    [...expr.matchAll(/strw_tables_held\{reason=~"([^"]*)"/g)].flatMap(([, list]) => (list ?? "").split("|")),
  );

  it("raise an alert for each reason that the operator tells, and each for one only", async () => {
    countRewinds(metrics, new ObjectStore<CustomObject>());
    const { values } = await metrics.rewind.tablesHeld.get();
    expect(alerted.sort()).toEqual(values.map(({ labels }) => labels.reason).sort());
  });
});

describe("alerts", () => {
  it.each(alerts)("$alert has a severity, a summary and a description", ({ labels, annotations }) => {
    expect(["critical", "warning"]).toContain(labels["severity"]);
    expect(annotations["summary"]).toBeTruthy();
    expect(annotations["description"]).toBeTruthy();
  });

  it.each(alerts)("$alert tells only of labels that its expression leaves", ({ expr, annotations }) => {
    const kept = [...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list]) => (list ?? "").split(/,\s*/));
    const told = [...JSON.stringify(annotations).matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label ?? "");
    expect(told.filter((label) => !kept.includes(label))).toEqual([]);
  });

  it("have a runbook each, and no runbook is without its alert", () => {
    const pages = readdirSync(RUNBOOKS).filter((file) => file !== "README.md");
    expect(pages.sort()).toEqual(alerts.map(({ alert }) => `${alert}.md`).sort());
  });

  it.each(alerts)("$alert's runbook says what it means, where to look and what to do", ({ alert }) => {
    const page = readFileSync(join(RUNBOOKS, `${alert}.md`), "utf8");
    expect(page.match(/^#.*$/gm)).toEqual([`# ${alert}`, "## What it means", "## Look", "## Do"]);
  });
});
