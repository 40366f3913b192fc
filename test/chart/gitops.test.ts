/** examples/gitops: its objects are valid, and what Argo CD and Flux would conclude from a status is the truth. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { specSchema } from "../../operator/api/spec.ts";
import { type Phase, phases } from "../../operator/api/status.ts";
import { brokenRules, unsupportedField } from "../../operator/core/checks/spec.ts";
import { makeObserved } from "../support/make-observed.ts";
import { BUILD_TIMEOUT_MS } from "./chart.ts";
import { ensureLua, type Health, healthOf } from "./lua.ts";

const ROOT = fileURLToPath(new URL("../../examples/gitops", import.meta.url));
const read = (path: string): Record<string, unknown> => parse(readFileSync(join(ROOT, path), "utf8"));

interface ConditionStatus {
  readonly Ready: boolean;
  readonly Reconciling: boolean;
  readonly Stalled: boolean;
}

const working: ConditionStatus = { Ready: false, Reconciling: true, Stalled: false };
const done: ConditionStatus = { Ready: true, Reconciling: false, Stalled: false };
const failed: ConditionStatus = { Ready: false, Reconciling: false, Stalled: true };
const ended: ConditionStatus = { Ready: false, Reconciling: false, Stalled: false };

/** What the operator says in a phase when all goes well, and what Argo CD has to show. */
const expected: Readonly<Record<Phase, readonly [ConditionStatus, string]>> = {
  Pending: [working, "Progressing"],
  Queued: [working, "Progressing"],
  Planning: [working, "Progressing"],
  AwaitingApproval: [working, "Suspended"],
  Pausing: [working, "Progressing"],
  Rewinding: [working, "Progressing"],
  Repairing: [working, "Progressing"],
  AwaitingResume: [working, "Suspended"],
  Replaying: [working, "Progressing"],
  Succeeded: [done, "Healthy"],
  Planned: [done, "Healthy"],
  Failed: [failed, "Degraded"],
  Aborted: [ended, "Degraded"],
};

interface Given {
  readonly metadata: { readonly generation: number; readonly deletionTimestamp?: string };
  readonly status?: {
    readonly observedGeneration: number;
    readonly phase: Phase;
    readonly message: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

function make(phase: Phase, conditions: ConditionStatus, observedGeneration = 1): Given {
  const list = Object.entries(conditions).map(([type, holds]) => ({ type, status: holds ? "True" : "False" }));
  return {
    metadata: { generation: 1 },
    status: { observedGeneration, phase, message: `it is "${phase}"`, conditions: list },
  };
}

/** The rules of kstatus, which Flux follows, for objects with these three conditions. */
function kstatus({ metadata, status }: Given): "Current" | "InProgress" | "Failed" | "Terminating" {
  if (metadata.deletionTimestamp !== undefined) return "Terminating";
  if (status === undefined || status.observedGeneration !== metadata.generation) return "InProgress";
  const holds = (type: string) => status.conditions?.some((one) => one.type === type && one.status === "True") ?? false;
  if (holds("Stalled")) return "Failed";
  if (holds("Reconciling")) return "InProgress";
  return holds("Ready") ? "Current" : "InProgress";
}

describe("each rewind", () => {
  it.each(readdirSync(join(ROOT, "rewinds")))("%s is one that this version runs", (file) => {
    const object = read(join("rewinds", file));
    expect(object).toMatchObject({ apiVersion: "pgtrickle.dev/v1alpha1", kind: "StreamTableRewind" });
    const spec = specSchema.parse(object["spec"]);
    expect(brokenRules(spec)).toEqual([]);
    expect(unsupportedField({ ...makeObserved(), spec })).toBeUndefined();
  });

  it("is in the namespace that Argo CD and Flux apply to", () => {
    const { spec } = read("argocd/application.yaml") as { spec: { destination: { namespace: string } } };
    const flux = read("flux/rewinds.yaml") as { spec: { targetNamespace: string } };
    expect([spec.destination.namespace, flux.spec.targetNamespace]).toEqual(["rewind", "rewind"]);
  });
});

describe("Argo CD's health", () => {
  const { data } = read("argocd/argocd-cm.yaml") as { data: Record<string, string> };
  const check = data["resource.customizations.health.pgtrickle.dev_StreamTableRewind"] ?? "";
  const deleted: Given = {
    ...make("Rewinding", working),
    metadata: { generation: 1, deletionTimestamp: "2026-11-22" },
  };
  const cases: readonly (readonly [string, Given, string])[] = [
    ...phases.map((phase) => [phase, make(phase, expected[phase][0]), expected[phase][1]] as const),
    ["without status", { metadata: { generation: 1 } }, "Progressing"],
    ["changed since it succeeded", make("Succeeded", done, 0), "Progressing"],
    ["stalled at work", make("Replaying", { ...working, Reconciling: false, Stalled: true }), "Degraded"],
    ["being deleted", deleted, "Progressing"],
  ];
  let answers: readonly Health[];

  beforeAll(async () => {
    await ensureLua();
    answers = await healthOf(
      check,
      cases.map(([, object]) => object),
    );
  }, BUILD_TIMEOUT_MS);

  it.each(cases.map(([name, , want], index) => ({ name, want, index })))("of $name is $want", ({ want, index }) => {
    expect(answers[index]?.status).toBe(want);
    expect(answers[index]?.message).not.toBe("");
  });

  it("never says healthy where Flux would not, nor the other way round", () => {
    const healthy = (_: unknown, index: number) => answers[index]?.status === "Healthy";
    const current = ([, object]: (typeof cases)[number]) => kstatus(object) === "Current";
    expect(cases.filter(healthy).map(([name]) => name)).toEqual(cases.filter(current).map(([name]) => name));
  });
});
