/**
 * The plan's hash, by which a person approves it: over everything that decides the result, so that an approval survives the
 * generator running on and nothing else.
 */
import type { StreamTableRewindSpec } from "../api/spec.ts";
import type { Plan, PlanTable } from "../api/status.ts";
import { hashOf, type Json, type JsonObject } from "./canonical-json.ts";
import { type Exclusions, everythingBut } from "./everything-but.ts";
import { hashedSpec } from "./hashed-spec.ts";

/** Fields of status.plan. */
export const notOfThePlan: Exclusions = {
  hash: "is this one",
  plannedAt: "a plan made later is as good",
  head: "moves with every commit of the lake",
  oldest: "moves with every expiry",
  commitsUndoneCount: "grows while events arrive",
  commitsUndone: "grows while events arrive",
  rowsChanged: "grows while events arrive",
  "tables[].from": "moves with every refresh; whether it is behind the target is hashed",
  "tables[].to": "is the plan's target",
  "tables[].strategy": "what today's costs suggest; what may be taken is in the spec",
  "tables[].reason": "of that strategy",
  "tables[].estimatedCostMs": "of that strategy",
  "tables[].rowsChanged": "grows while events arrive",
  "tables[].sample": "of rows that move",
  "tables[].contradiction": "counts only where it is accepted: see accepted()",
};

/** Fields of spec. */
export const notOfThePlannedSpec: Exclusions = {
  operationId: "names the operation, decides nothing",
  database:
    "the plan has the one that the Secret led to: the same Secret may lead to another by the time of the approval",
  streamTables: "the plan has them by their full names",
  target: "the plan has the snapshot that it is",
  approval: "is given by this hash",
  failurePolicy: "what holds if the plan does not come true",
  dryRun: "nothing is approved by it",
  abort: "nothing comes true then",
  backoffLimit: "how patiently it is done, not what",
  activeDeadlineSeconds: "how patiently it is done, not what",
  ttlSecondsAfterFinished: "what becomes of the object, not of its tables",
};

export type HashedPlan = Omit<Plan, "hash" | "plannedAt">;

const byName = (a: { readonly name: string }, b: { readonly name: string }) => (a.name < b.name ? -1 : 1);

/**
 * What is accepted is the lake's rows as they were shown: a contradiction that comes or changes afterwards is another plan.
 * Undefined where nothing is accepted.
 */
function accepted({ tables }: HashedPlan, { acceptContradiction }: StreamTableRewindSpec): Json | undefined {
  if (!acceptContradiction) return undefined;
  return [...tables].sort(byName).map(({ name, contradiction }) => ({
    name,
    recorded: contradiction?.recorded.fingerprint,
    lake: contradiction?.lake.fingerprint,
  }));
}

function tableOf(table: PlanTable, target: number): JsonObject & { readonly name: string } {
  return {
    sources: [],
    ...(table as JsonObject),
    name: table.name,
    // A table that is behind the target would be taken forward: not what was approved when it was ahead of it.
    isBehind: table.from !== undefined && table.from < target,
  };
}

/** What is left of an object whose fields stand elsewhere; undefined: nothing. */
function others(value: object): Json | undefined {
  return Object.keys(value).length === 0 ? undefined : (value as JsonObject);
}

/** As in the hashes of 0.1.0; what came later stands beside. */
function layoutOfSpec(spec: StreamTableRewindSpec): JsonObject {
  const { repair, verification, ...rest } = hashedSpec(spec, notOfThePlannedSpec);
  const { sql = [], ...ofRepair } = (repair ?? {}) as JsonObject;
  const { assertions, at, ...ofVerification } = verification as JsonObject;
  return {
    ...rest,
    repair: sql,
    ofRepair: others(ofRepair),
    assertions,
    assertedAt: [...(at as readonly string[])].sort(),
    ofVerification: others(ofVerification),
  };
}

export function planHash(plan: HashedPlan, spec: StreamTableRewindSpec): string {
  const { systemIdentifier, database, timeline, ...rest } = plan;
  const tables = plan.tables.map((table) => tableOf(table, plan.target)).sort(byName);
  return hashOf({
    ...everythingBut({ ...(rest as JsonObject), tables }, notOfThePlan),
    ...layoutOfSpec(spec),
    catalog: { systemIdentifier, database, timeline },
    acceptContradiction: accepted(plan, spec),
  });
}
