/** Builders for tests of the operator's core. */
import { type StreamTableRewindSpec, type StreamTableRewindSpecInput, specSchema } from "../../operator/api/spec.ts";
import type { Plan } from "../../operator/api/status.ts";
import type { Observed } from "../../operator/core/observed.ts";
import { planHash } from "../../operator/core/plan-hash.ts";
import { makeWorld, modelTable, modelTarget, observeModel } from "./model-world.ts";

export const startedAt = Date.parse("2026-11-22T12:00:00.000Z");

export function makeSpecInput(overrides: Partial<StreamTableRewindSpecInput> = {}): StreamTableRewindSpecInput {
  return {
    database: { secretRef: { name: "timetravel-db" } },
    streamTables: [modelTable],
    target: { snapshotId: modelTarget },
    verification: { assertions: [{ name: "no-corrupted", sql: "select true" }] },
    repair: { sql: ["delete from lake.events where event_type = 'CORRUPTED_EVENT'"] },
    ...overrides,
  };
}

export function makeSpec(overrides: Partial<StreamTableRewindSpecInput> = {}): StreamTableRewindSpec {
  return specSchema.parse(makeSpecInput(overrides));
}

export function makePlan(overrides: Partial<Plan> = {}): Plan {
  return {
    hash: "0".repeat(64),
    database: "timetravel_demo",
    target: modelTarget,
    tables: [{ name: modelTable, from: 57, to: modelTarget }],
    plannedAt: "2026-11-22T12:00:00.000Z",
    ...overrides,
  };
}

/** The plan of a spec with the hash that belongs to it. */
export function makePlanOf(spec: StreamTableRewindSpec, overrides: Partial<Plan> = {}): Plan {
  const plan = makePlan(overrides);
  return { ...plan, hash: planHash(plan, spec) };
}

export type ObservedOverrides = Partial<Omit<Observed, "object">> & { readonly object?: Partial<Observed["object"]> };

export function makeObserved({ object, ...overrides }: ObservedOverrides = {}): Observed {
  return {
    now: startedAt + 10_000,
    jitter: 0.5,
    object: {
      uid: "00000000-0000-4000-8000-000000000001",
      namespace: "default",
      name: "incident",
      generation: 1,
      createdAt: startedAt - 60_000,
      hasFinalizer: false,
      ...object,
    },
    spec: makeSpec(),
    status: {},
    world: observeModel(makeWorld()),
    memory: {},
    ...overrides,
  };
}
