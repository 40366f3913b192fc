/**
 * The plan's hash: over what decides the result, so that an approval survives the generator running on. Not in it: the
 * moving frontier, counts, costs, times, samples, the way that today's costs suggest.
 */
import { createHash } from "node:crypto";
import type { StreamTableRewindSpec } from "../api/spec.ts";
import type { Plan } from "../api/status.ts";

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/** One text for one value: keys sorted, absent and undefined the same, no white space. */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const entries = Object.entries(value as { readonly [key: string]: Json | undefined })
    .filter((entry): entry is [string, Json] => entry[1] !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`).join(",")}}`;
}

type HashedSpec = Pick<
  StreamTableRewindSpec,
  "strategy" | "acceptContradiction" | "repair" | "verification" | "resume"
>;
type HashedPlan = Pick<Plan, "systemIdentifier" | "database" | "timeline" | "target"> & {
  readonly tables: readonly Pick<
    Plan["tables"][number],
    "name" | "from" | "definitionHash" | "sources" | "contradiction"
  >[];
};

const byName = (a: { readonly name: string }, b: { readonly name: string }) => (a.name < b.name ? -1 : 1);

/** Same key: the same operation, asked for again. */
export function operationKey(spec: StreamTableRewindSpec): string {
  const { operationId, streamTables, target, strategy, verification, repair, resume, failurePolicy } = spec;
  const content = {
    operationId,
    streamTables,
    target,
    strategy,
    // Absent where it is off: the key of an object that was made before there was such a field stays.
    acceptContradiction: spec.acceptContradiction || undefined,
    verification,
    repair,
    replay: resume.replay,
    failurePolicy,
  };
  return createHash("sha256")
    .update(canonicalJson(content as Json))
    .digest("hex");
}

/**
 * What is accepted is the lake's rows as they were shown: a contradiction that comes or changes afterwards is another plan.
 * Undefined where nothing is accepted, so that a hash of before stays good.
 */
function accepted({ tables }: HashedPlan, { acceptContradiction }: HashedSpec): Json | undefined {
  if (!acceptContradiction) return undefined;
  return [...tables].sort(byName).map(({ name, contradiction }) => ({
    name,
    recorded: contradiction?.recorded.fingerprint,
    lake: contradiction?.lake.fingerprint,
  }));
}

export function planHash(plan: HashedPlan, spec: HashedSpec): string {
  const content: Json = {
    // The same Secret may lead to another database by the time that it is approved.
    catalog: { systemIdentifier: plan.systemIdentifier, database: plan.database, timeline: plan.timeline },
    target: plan.target,
    tables: plan.tables
      .map(({ name, from, definitionHash, sources }) => ({
        name,
        // A table that is behind the target would be taken forward: not what was approved when it was ahead of it.
        isBehind: from !== undefined && from < plan.target,
        definitionHash,
        sources: (sources ?? []).map(({ table, tableId, schemaVersion }) => ({ table, tableId, schemaVersion })),
      }))
      .sort(byName),
    strategy: spec.strategy,
    acceptContradiction: accepted(plan, spec),
    repair: spec.repair?.sql ?? [],
    assertions: spec.verification.assertions.map(({ name, sql }) => ({ name, sql })),
    assertedAt: [...spec.verification.at].sort(),
    resume: { policy: spec.resume.policy, replay: spec.resume.replay },
  };
  return createHash("sha256").update(canonicalJson(content)).digest("hex");
}
