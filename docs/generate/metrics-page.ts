// docs/reference/metrics.md: from the registries of the programs, and the alerts that use them. Pure.
import type { METRICS } from "../../pg_trickle/scheduler/metrics.ts";
import { code, page, prose, table } from "./markdown.ts";

interface Metric {
  readonly name: string;
  readonly type: string;
  readonly labelNames: readonly string[];
  readonly help: string;
}

interface Alert {
  readonly alert: string;
  readonly expr: string;
}

/** The file of alerts, as far as it is read here. */
export interface AlertFile {
  readonly groups: readonly { readonly rules: readonly Alert[] }[];
}

/** As prom-client gives them; its declarations know no labels, and call a type a number, which is a word when it runs. */
export interface RegisteredMetric {
  readonly name: string;
  readonly help: string;
  readonly type: unknown;
  readonly labelNames?: readonly string[];
}

function toMetric({ name, help, type, labelNames = [] }: RegisteredMetric): Metric {
  return { name, help, type: String(type), labelNames };
}

function metricTable(metrics: readonly Metric[], alerts: readonly Alert[]): string {
  const rows = metrics.map(({ name, type, labelNames, help }) => {
    const using = alerts.filter(({ expr }) => new RegExp(`\\b${name}(?:_bucket|_sum|_count)?\\b`).test(expr));
    const links = using.map(({ alert }) => `[${alert}](../runbooks/${alert}.md)`);
    return [code(name), type, labelNames.map(code).join(", "), prose(help), links.join(", ")];
  });
  return table(["metric", "type", "labels", "", "alerts"], rows);
}

export interface MetricSources {
  readonly operator: readonly RegisteredMetric[];
  readonly scheduler: typeof METRICS;
  readonly alerts: AlertFile;
}

export function metricsPage({ operator, scheduler, alerts }: MetricSources): string {
  const rules = alerts.groups.flatMap((group) => group.rules);
  return page("Metrics", "operator/telemetry, pg_trickle/scheduler and the chart's alerts", [
    "In Prometheus' text format. The [alerts](../runbooks/README.md) are in the chart.",
    "## Operator",
    "At `/metrics` of each replica (`METRICS_ADDRESS`), beside the `process_*` and `nodejs_*` metrics of Node.js. Labels are bounded: no names of objects, no messages. Each replica tells of all rewinds that it sees: of gauges take `max`, not `sum`.",
    metricTable(operator.map(toMetric), rules),
    "## Scheduler",
    "At `/metrics` where `METRICS_ADDRESS` is set. The numbers are in the database, so that a restart loses none.",
    metricTable(scheduler, rules),
    "## Lake engine",
    "It serves no metrics. It answers `engine.ping` and `engine.counters` in SQL ([lake engine](../../pg_trickle/lake/README.md#relations-of-schema-engine)); what is wrong with it stands in `last_error` of `pgtrickle.pgt_stream_tables`.",
  ]);
}
