/** What cannot be begun: refused for good, with a reason that a machine and a person can read, and nothing is changed. */
import { afterAll, describe, expect, test } from "vitest";
import type { StreamTableRewindSpecInput } from "../../operator/api/spec.ts";
import type { Damage } from "../support/damage.ts";
import { condition, statusOf, useOperatorStage } from "../support/operator-stage.ts";
import { createSummary } from "../support/summary-table.ts";
import { until } from "../support/until.ts";

type Spec = Partial<StreamTableRewindSpecInput>;

interface Refusal {
  readonly name: string;
  readonly reason: string;
  readonly says: RegExp;
  readonly spec: (incident: Damage) => Spec | Promise<Spec>;
}

const stage = useOperatorStage();

/** A Secret of its own for each case. */
async function withSecret(name: string, data: Readonly<Record<string, string>>): Promise<Spec> {
  await stage().secret(name, data);
  return { database: { secretRef: { name } } };
}

async function expire(snapshot: number): Promise<void> {
  const duckdb = await stage().database.duckdb({ readOnly: false });
  await duckdb.run(`call ducklake_expire_snapshots('lake', versions => [${snapshot}])`);
}

const refusals: readonly Refusal[] = [
  {
    name: "a table that there is not",
    ...{ reason: "UnknownStreamTable", says: /public\.nothing.*public\.event_summary/ },
    spec: () => ({ streamTables: ["public.nothing"] }),
  },
  {
    name: "a name that two schemas have",
    ...{ reason: "AmbiguousStreamTable", says: /(?=.*public\.event_summary)(?=.*other\.event_summary)/ },
    async spec() {
      await stage().pool.query("create schema other");
      await createSummary(stage().pool, { schema: "other" });
      return { streamTables: ["event_summary"] };
    },
  },
  {
    name: "a snapshot that has expired",
    ...{ reason: "SnapshotExpired", says: /snapshot \d+: it was expired/ },
    async spec({ good }) {
      await expire(good - 1);
      return { target: { snapshotId: good - 1 } };
    },
  },
  {
    name: "a snapshot of the future",
    ...{ reason: "SnapshotInFuture", says: /snapshot 1000000/ },
    spec: () => ({ target: { snapshotId: 1_000_000 } }),
  },
  {
    name: "a time of the future",
    ...{ reason: "SnapshotInFuture", says: /2999/ },
    spec: () => ({ target: { timestamp: "2999-01-01T00:00:00Z" } }),
  },
  {
    name: "a Secret that there is not",
    ...{ reason: "SecretNotFound", says: /Secret test-\w+\/missing/ },
    spec: () => ({ database: { secretRef: { name: "missing" } } }),
  },
  {
    name: "a Secret without keys",
    ...{ reason: "SecretInvalid", says: /\/empty.*uri/ },
    spec: () => withSecret("empty", {}),
  },
  {
    name: "a uri that is none",
    ...{ reason: "SecretInvalid", says: /\/malformed.*postgresql:\/\/user:password@host:port\/dbname/ },
    spec: () => withSecret("malformed", { uri: "top-secret@nowhere" }),
  },
  {
    name: "a wrong password",
    ...{ reason: "AuthenticationFailed", says: /^database .+:\d+ of Secret test-\w+\/wrong-password: password/ },
    spec() {
      const uri = new URL(stage().database.url);
      uri.password = "top-secret";
      return withSecret("wrong-password", { uri: uri.href });
    },
  },
  {
    name: "a database that there is not",
    ...{ reason: "AuthenticationFailed", says: /^database .+:\d+ of Secret test-\w+\/wrong-database: .*nowhere/ },
    spec() {
      const uri = new URL(stage().database.url);
      uri.pathname = "/nowhere";
      return withSecret("wrong-database", { uri: uri.href });
    },
  },
];

async function isRefused(incident: Damage, spec: Spec, expected: Pick<Refusal, "reason" | "says">): Promise<void> {
  const before = await stage().table();
  const object = await stage().ended(await stage().apply(incident.good, spec));
  const { phase, reason, message = "" } = statusOf(object);
  expect({ phase, reason }).toEqual({ phase: "Failed", reason: expected.reason });
  expect(message).toMatch(expected.says);
  const isOfConnection = /^(Secret|Authentication)/.test(reason ?? "");
  const wayOut = " It is not tried again: mend the Secret or the database, then delete this object and apply it again.";
  const end = `. Nothing was changed.${isOfConnection ? wayOut : ""}`;
  expect(message.slice(-end.length)).toBe(end);
  expect(message).not.toMatch(/\.\. /);
  expect(JSON.stringify(object)).not.toContain("top-secret");
  for (const [type, value] of Object.entries({ Ready: "False", Stalled: "True", Reconciling: "False" })) {
    expect(condition(object, type)).toMatchObject({ status: value, reason, message, observedGeneration: 1 });
  }
  expect(condition(object, "Rewound")?.status).toBe("False");
  const told = await until(async () => (await stage().events(object)).find((event) => event.type === "Warning"));
  expect(told).toEqual({ type: "Warning", reason, note: message });
  expect(await stage().table()).toEqual(before);
  await stage().reaches(object, ({ metadata }) => metadata.finalizers === undefined);
}

afterAll(async () => {
  await stage().pool.query("select pgtrickle.drop_stream_table('other.event_summary')");
});

describe("refused, and nothing is changed", () => {
  test.each(refusals)("$name: $reason", async ({ spec, ...expected }) => {
    const incident = await stage().damage();
    await isRefused(incident, await spec(incident), expected);
  });
});
