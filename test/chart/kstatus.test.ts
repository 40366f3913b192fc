/**
 * What Flux and Argo CD conclude of every status that the operator writes, asked of their own code: done only what is done, failed
 * only what has failed or needs a person, and exactly one of Ready, Reconciling and Stalled at every moment.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { isTerminal, type Phase, phases, type StreamTableRewindStatus } from "../../operator/api/status.ts";
import { type Health, healthOf } from "./argocd.ts";
import { BUILD_TIMEOUT_MS } from "./chart.ts";
import { ensureKstatus, type KStatus, kstatusOf } from "./kstatus.ts";
import { ensureLua } from "./lua.ts";
import { played, plays } from "./played-rewinds.ts";
import type { Rewind } from "./rewind-statuses.ts";

interface Verdict {
  readonly phase: Phase | undefined;
  readonly kstatus: KStatus | undefined;
  readonly argo: string | undefined;
}

const stories = plays.map((play) => ({ ...play, objects: played(play) }));
const all = stories.flatMap(({ objects }) => objects);
const statusOf = ({ status }: Rewind): StreamTableRewindStatus => status ?? {};
const isSeen = (object: Rewind) => statusOf(object).observedGeneration === object.metadata.generation;
const holds = (object: Rewind, type: string) =>
  statusOf(object).conditions?.some((one) => one.type === type && one.status === "True") ?? false;

function truth(object: Rewind): Pick<Verdict, "kstatus" | "argo"> {
  const { phase } = statusOf(object);
  if (!isSeen(object)) return { kstatus: "InProgress", argo: "Progressing" };
  if (phase === "Succeeded" || phase === "Planned") return { kstatus: "Current", argo: "Healthy" };
  if (isTerminal(phase)) return { kstatus: "Failed", argo: "Degraded" };
  const isWaiting = phase === "AwaitingApproval" || phase === "AwaitingResume";
  return { kstatus: "InProgress", argo: isWaiting ? "Suspended" : "Progressing" };
}

let verdicts: ReadonlyMap<Rewind, Verdict>;

beforeAll(async () => {
  await ensureLua();
  await ensureKstatus();
  // What is there before the first write is not the operator's: kstatus calls every object without a status Current.
  const known = all.filter(({ status }) => status !== undefined);
  const statuses = await kstatusOf(known);
  const healths: readonly Health[] = await healthOf(known);
  verdicts = new Map(
    known.map((object, index) => [
      object,
      { phase: statusOf(object).phase, kstatus: statuses[index], argo: healths[index]?.status },
    ]),
  );
}, BUILD_TIMEOUT_MS);

describe.each(stories)("a rewind: $name", ({ objects, ends }) => {
  const known = objects.filter(({ status }) => status !== undefined);

  it(`comes to ${ends}`, () => {
    expect(statusOf(objects.at(-1) as Rewind).phase).toBe(ends);
  });

  it("is called at every moment what it is", () => {
    expect(known.map((object) => verdicts.get(object))).toEqual(
      known.map((object) => ({ phase: statusOf(object).phase, ...truth(object) })),
    );
  });

  it("has exactly one of Ready, Reconciling and Stalled, of the generation that it tells about", () => {
    for (const object of known) {
      expect(["Ready", "Reconciling", "Stalled"].filter((type) => holds(object, type))).toHaveLength(1);
      const { conditions = [], observedGeneration } = statusOf(object);
      expect(new Set(conditions.map((one) => one.observedGeneration))).toEqual(new Set([observedGeneration]));
    }
  });

  it("is at rest with what was last written about the last spec", () => {
    expect(isSeen(objects.at(-1) as Rewind)).toBe(true);
  });
});

it("every phase is played", () => {
  const seen = new Set(all.map((object) => statusOf(object).phase));
  expect(phases.filter((phase) => !seen.has(phase))).toEqual([]);
});
