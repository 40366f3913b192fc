// What /metrics says, in Prometheus' text format: pure. The numbers live in the database, so that a restart loses none.
import type { Facts } from "./database.ts";

interface Metric {
  readonly name: string;
  readonly type: "gauge" | "counter";
  readonly labelNames: readonly string[];
  readonly help: string;
  readonly samples: (facts: Facts) => readonly Sample[];
}

interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

export const METRICS: readonly Metric[] = [
  {
    name: "pgtrickle_lake_trouble",
    type: "gauge",
    labelNames: ["kind"],
    help: "1 while no stream table is refreshed because the lake engine does not answer (engine) or the catalog is of another DuckLake version than it knows (version).",
    samples: ({ lakeTrouble }) =>
      ["engine", "version"].map((kind) => ({ labels: { kind }, value: kind === lakeTrouble ? 1 : 0 })),
  },
  {
    name: "pgtrickle_scrub_interval_seconds",
    type: "gauge",
    labelNames: [],
    help: "Time after which a stream table is due for its next scrub.",
    samples: ({ scrubs: [fact] }) => (fact === undefined ? [] : [{ value: fact.intervalSeconds }]),
  },
  {
    name: "pgtrickle_scrub_age_seconds",
    type: "gauge",
    labelNames: ["table"],
    help: "Time since the last scrub of a stream table that ended well, or since its creation; not of tables that are not scrubbed now.",
    samples: ({ scrubs }) =>
      scrubs.flatMap(({ tableName: table, ageSeconds }) =>
        ageSeconds === null ? [] : [{ labels: { table }, value: ageSeconds }],
      ),
  },
  {
    name: "pgtrickle_drift_total",
    type: "counter",
    labelNames: ["table", "kind"],
    help: "Scrubs that found a stream table to be other than its query (drift) or than it was published (damage), and healed it.",
    samples: ({ scrubs }) =>
      scrubs.flatMap(({ tableName: table, driftCount, damageCount }) => [
        { labels: { table, kind: "drift" }, value: driftCount },
        { labels: { table, kind: "damage" }, value: damageCount },
      ]),
  },
  {
    name: "pgtrickle_last_drift_timestamp_seconds",
    type: "gauge",
    labelNames: ["table"],
    help: "When a stream table was healed last.",
    samples: ({ scrubs }) =>
      scrubs.flatMap(({ tableName: table, lastDriftAt }) =>
        lastDriftAt === null ? [] : [{ labels: { table }, value: lastDriftAt }],
      ),
  },
];

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function line(name: string, { labels = {}, value }: Sample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
  return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}`;
}

export function metricsText(facts: Facts): string {
  const lines = METRICS.flatMap(({ name, type, help, samples }) => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...samples(facts).map((sample) => line(name, sample)),
  ]);
  return `${lines.join("\n")}\n`;
}
