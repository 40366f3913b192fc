/**
 * What people and tools see of a rewind with every stop that there is, with the operator started again at each of them: status
 * versions as a watch delivers them, `kubectl wait`, `kubectl describe`.
 */
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { createKubectl, type Kubectl } from "../../demo/kubectl.ts";
import type { StreamTableRewindStatus } from "../../operator/api/status.ts";
import type { RewindObject } from "../../operator/gather.ts";
import { statusOf, useOperatorStage } from "../support/operator-stage.ts";
import { until } from "../support/until.ts";

const stage = useOperatorStage();
const phases = ["Planning", "AwaitingApproval", "Pausing", "Rewinding", "Repairing", "AwaitingResume", "Replaying"];

let kubectl: Kubectl;
let watching: { stop(): void };
let object: RewindObject;
/** In the order of the watch, of all objects of the namespace. */
const versions: { readonly name: string; readonly status?: StreamTableRewindStatus }[] = [];
const versionsOf = ({ metadata }: RewindObject) => versions.filter(({ name }) => name === metadata.name);

/** Returns when the watch surely runs. */
async function startWatch(): Promise<void> {
  const columns = '{"{\\"name\\":\\""}{.metadata.name}{"\\",\\"status\\":"}{.status}{"}\\n"}';
  const watch = ["get", "strw", "-n", stage().namespace, "-w", "-o", `jsonpath=${columns}`];
  watching = kubectl.follow(watch, (line) => versions.push(JSON.parse(line.replace(/:}$/, ":{}}"))));
  const { good } = await stage().damage();
  const first = await stage().ended(await stage().apply(good, { dryRun: true }));
  await until(() => versionsOf(first).some(({ status }) => status?.phase === "Planned"));
}

beforeAll(async () => {
  const { assets, kubeconfig } = inject("kube");
  kubectl = createKubectl({ assets, kubeconfig });
  await startWatch();
  const { good } = await stage().damage();
  object = await stage().apply(good, { approval: { mode: "Manual" }, resume: { policy: "Manual" } });
  const { plan } = statusOf(await stage().reachesPhase(object, "AwaitingApproval"));
  await stage().restartOperator();
  await stage().change(object, { approval: { planHash: plan?.hash ?? "" } });
  await stage().reachesPhase(object, "AwaitingResume");
  await stage().restartOperator();
  await stage().change(object, { resume: { policy: "Automatic" } });
  await stage().ended(object);
  await stage().restartOperator();
  // A later object is through, so the operator has looked at the earlier one again.
  await stage().ended(await stage().apply(good, { dryRun: true }));
  await until(() => versionsOf(object).some(({ status }) => status?.phase === "Succeeded"));
});

afterAll(() => {
  watching?.stop();
});

describe("a watch", () => {
  test("sees every phase once, in order", () => {
    const seen = versionsOf(object).map(({ status }) => status?.phase);
    const changes = seen.filter((phase, i) => phase !== undefined && phase !== seen[i - 1]);
    expect(changes.filter((phase) => phase !== "Pending")).toEqual([...phases, "Succeeded"]);
  });

  test("sees exactly one of Ready, Reconciling and Stalled true in each version, for the spec that it has seen", () => {
    const told = versions.filter(({ status }) => status?.phase !== undefined);
    expect(told.length).toBeGreaterThan(phases.length);
    for (const { status } of told) {
      const kstatus = (status?.conditions ?? []).filter(({ type }) => /^(Ready|Reconciling|Stalled)$/.test(type));
      expect(kstatus).toHaveLength(3);
      const isTrue = kstatus.filter((condition) => condition.status === "True").map(({ type }) => type);
      const isOver = status?.phase === "Succeeded" || status?.phase === "Planned";
      expect([status?.phase, isTrue]).toEqual([status?.phase, [isOver ? "Ready" : "Reconciling"]]);
      for (const { observedGeneration } of kstatus) expect(observedGeneration).toBe(status?.observedGeneration);
    }
  });
});

test("each phase is one event, whoever was started in between", async () => {
  const events = await until(async () => {
    const told = await stage().events(object);
    return told.some(({ reason }) => reason === "Succeeded") && told;
  });
  const reasons = events.map(({ reason }) => reason).filter((reason) => reason !== "Pending");
  expect(reasons).toEqual([...phases, "Succeeded"]);
  expect(events.every(({ type, note }) => type === "Normal" && note !== "")).toBe(true);
});

test("kubectl describe shows conditions and events", async () => {
  const { name } = object.metadata;
  const text = await kubectl.run(["describe", "strw", name, "-n", stage().namespace]);
  const [status = "", events = ""] = text.split(/^Events:/m);
  for (const type of ["Ready", "Reconciling", "Stalled", "Planned", "Approved", "Rewound", "Verified", "Resumed"]) {
    expect(status).toMatch(new RegExp(`^\\s+Type:\\s+${type}$`, "m"));
  }
  expect(status).toMatch(/^\s+Reason:\s+ApprovedByHash$/m);
  for (const reason of [...phases, "Succeeded"]) {
    expect(events.match(new RegExp(`^\\s+Normal\\s+${reason}\\s`, "gm")), reason).toHaveLength(1);
  }
});

describe("kubectl wait --for=condition=Ready returns", () => {
  const wait = (name: string, condition = "Ready") =>
    kubectl.run(["wait", "strw", name, "-n", stage().namespace, `--for=condition=${condition}`, "--timeout=60s"]);

  test.each([
    { phase: "Succeeded", spec: {} },
    { phase: "Succeeded", spec: { resume: { policy: "Never" as const } } },
    { phase: "Planned", spec: { dryRun: true } },
  ])("when it has $phase: $spec", async ({ phase, spec }) => {
    const { good } = await stage().damage();
    const { name } = (await stage().apply(good, spec)).metadata;
    expect(await wait(name)).toContain("condition met");
    expect(await kubectl.run(["get", "strw", name, "-n", stage().namespace, "-o", "jsonpath={.status.phase}"])).toBe(
      phase,
    );
  });

  test("for Stalled when it was refused, and not for Ready", async () => {
    const { good } = await stage().damage();
    const { name } = (await stage().apply(good, { streamTables: ["public.nothing"] })).metadata;
    expect(await wait(name, "Stalled")).toContain("condition met");
    const ready = ["wait", "strw", name, "-n", stage().namespace, "--for=condition=Ready", "--timeout=0s"];
    await expect(kubectl.run(ready)).rejects.toThrow(/condition not met/);
  });
});
