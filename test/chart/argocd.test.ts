/** What Argo CD and Flux conclude of a rewind is the truth in every phase, and Argo CD's actions do what they are called. */
import { beforeAll, describe, expect, it } from "vitest";
import { customizations, type Health, healthOf, offeredActions, patchOf } from "./argocd.ts";
import { BUILD_TIMEOUT_MS } from "./chart.ts";
import { ensureKstatus, type KStatus, kstatusOf } from "./kstatus.ts";
import { ensureLua } from "./lua.ts";
import { cases, makeRewindObject, planHash, statusIn } from "./rewind-statuses.ts";

const objects = cases.map(({ object }) => object);
const numbered = cases.map((one, index) => ({ ...one, index }));
const withoutStatus = makeRewindObject();

let health: readonly Health[];
let offered: readonly (readonly string[])[];
let statuses: readonly KStatus[];

beforeAll(async () => {
  await ensureLua();
  await ensureKstatus();
  health = await healthOf([...objects, withoutStatus]);
  offered = await offeredActions([...objects, withoutStatus]);
  statuses = await kstatusOf(objects);
}, BUILD_TIMEOUT_MS);

describe("Argo CD's health", () => {
  it.each(numbered)("of a rewind that is $name is $argo", ({ argo, index }) => {
    expect(health[index]?.status).toBe(argo);
    expect(health[index]?.message).not.toBe("");
  });

  it("of a rewind that nobody has looked at is Progressing", () => {
    expect(health.at(-1)?.status).toBe("Progressing");
  });

  it("hands on what a person has to know to decide", () => {
    const told = cases.findIndex(({ name }) => name === "AwaitingApproval");
    expect(health[told]?.message).toBe('it is "AwaitingApproval"');
  });
});

describe("kstatus", () => {
  it.each(numbered)("of a rewind that is $name is $kstatus", ({ kstatus, index }) => {
    expect(statuses[index]).toBe(kstatus);
  });

  it("and Argo CD call the same rewinds done and the same ones failed", () => {
    const named = (isIt: (index: number) => boolean) => cases.filter((_, index) => isIt(index)).map(({ name }) => name);
    expect(named((index) => health[index]?.status === "Healthy")).toEqual(
      named((index) => statuses[index] === "Current"),
    );
    expect(named((index) => health[index]?.status === "Degraded")).toEqual(
      named((index) => statuses[index] === "Failed"),
    );
  });
});

describe("Argo CD's actions", () => {
  it.each(numbered)("of a rewind that is $name are $offered", ({ offered: want, index }) => {
    expect(offered[index]).toEqual(want);
  });

  it("let a rewind be aborted that nobody has looked at", () => {
    expect(offered.at(-1)).toEqual(["abort"]);
  });

  it("are discovered and defined under the same names", () => {
    expect(Object.keys(customizations.actions).sort()).toEqual(["abort", "approve", "resume"]);
  });

  it("approve sets the hash of the plan, and nothing else", async () => {
    const waiting = makeRewindObject({ status: statusIn("AwaitingApproval", "Reconciling") });
    expect(await patchOf("approve", waiting)).toEqual({ spec: { approval: { planHash } } });
  });

  it("resume lets the replay begin, and nothing else", async () => {
    const waiting = makeRewindObject({ status: statusIn("AwaitingResume", "Reconciling") });
    expect(await patchOf("resume", waiting)).toEqual({ spec: { resume: { policy: "Automatic" } } });
  });

  it("abort aborts, and nothing else", async () => {
    const working = makeRewindObject({ status: statusIn("Pausing", "Reconciling") });
    expect(await patchOf("abort", working)).toEqual({ spec: { abort: true } });
  });

  it("called though not offered change nothing", async () => {
    const working = makeRewindObject({ status: statusIn("Pausing", "Reconciling") });
    await expect(patchOf("approve", working)).rejects.toThrow("there is no plan that waits for approval");
    await expect(patchOf("resume", working)).rejects.toThrow("it does not wait for its resume");
    await expect(patchOf("approve", withoutStatus)).rejects.toThrow("there is no plan that waits for approval");
  });
});
