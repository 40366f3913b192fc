/** The repository of examples/gitops with the operator at work: two pull requests roll an incident back, and syncs change nothing. */
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type { RewindObject } from "../../operator/gather.ts";
import type { Damage } from "../support/damage.ts";
import { type Rows, SECRET, statusOf, type TableState, useOperatorStage } from "../support/operator-stage.ts";
import { healthOf } from "./argocd.ts";
import { BUILD_TIMEOUT_MS } from "./chart.ts";
import { RewindsFolder, tools } from "./gitops-flow.ts";
import { ensureKstatus, kstatusOf } from "./kstatus.ts";
import { ensureLua } from "./lua.ts";

const stage = useOperatorStage();
const cluster = inject("kube");
const good: Rows = { click: [30, 1500], purchase: [10, 5000] };

beforeAll(async () => {
  await Promise.all([ensureLua(), ensureKstatus()]);
}, BUILD_TIMEOUT_MS);

/** As Flux and Argo CD would show it. */
async function shown(object: RewindObject): Promise<readonly (string | undefined)[]> {
  const [[kstatus], [health]] = await Promise.all([kstatusOf([object]), healthOf([object])]);
  return [kstatus, health?.status];
}

describe.each(tools)("%s", (tool) => {
  let folder: RewindsFolder;
  let incident: Damage;
  let before: TableState;
  let object: RewindObject;

  const sync = () => folder.sync(tool, cluster);
  const live = () => stage().rewinds.get(stage().namespace, folder.read().metadata.name);
  const ended = async () => stage().ended(await live());

  async function deleted(): Promise<void> {
    await stage().rewinds.delete(object);
    await stage().gone(object);
  }

  beforeAll(async () => {
    incident = await stage().damage();
    before = await stage().table();
    folder = new RewindsFolder(stage().namespace);
    folder.set(["spec", "target", "snapshotId"], incident.good);
    expect(folder.read().spec.database.secretRef.name).toBe(SECRET);
  });

  afterAll(async () => {
    await deleted();
    folder.delete();
  });

  test("1. the first pull request pauses the table and shows the plan", async () => {
    await sync();
    object = await stage().reachesPhase(await live(), "AwaitingApproval");
    expect(await stage().table()).toEqual({ ...before, status: "PAUSED", holds: [stage().holdOf(object)] });
    expect(statusOf(object)).toMatchObject({ plan: { target: incident.good, commitsUndoneCount: 1, rowsChanged: 1 } });
    expect(await shown(object)).toEqual(["InProgress", "Suspended"]);
  });

  test("2. the second one approves it by its hash, and the incident is rolled back", async () => {
    folder.approve(statusOf(object).plan?.hash ?? "");
    await sync();
    object = await ended();
    expect(statusOf(object)).toMatchObject({ phase: "Succeeded", reason: "Succeeded" });
    expect(await stage().table()).toMatchObject({ rows: good, holds: [] });
    expect(await shown(object)).toEqual(["Current", "Healthy"]);
  });

  test("3. a re-sync changes nothing", async () => {
    object = await stage().reaches(object, ({ metadata }) => metadata.finalizers === undefined);
    await sync();
    expect(await live()).toEqual(object);
  });

  test("4. the object is deleted and made anew: it was done already, and nothing is touched", async () => {
    const after = await stage().table();
    await deleted();
    await sync();
    object = await ended();
    expect(statusOf(object)).toMatchObject({ phase: "Succeeded", reason: "AlreadyDone" });
    expect(await stage().table()).toEqual(after);
    expect(await stage().outcome(object)).toBeUndefined();
    expect(await shown(object)).toEqual(["Current", "Healthy"]);
  });

  test("5. another rewind has moved the table back meanwhile: it is run once more, by the hash that the file has still", async () => {
    await stage().ended(await stage().apply(incident.good, { strategy: "Full" }));
    await deleted();
    await sync();
    object = await ended();
    expect(statusOf(object)).toMatchObject({ phase: "Succeeded", reason: "Succeeded" });
    expect(await stage().outcome(object)).toBe("Succeeded");
    expect(await stage().table()).toMatchObject({ rows: good, holds: [] });
  });
});
