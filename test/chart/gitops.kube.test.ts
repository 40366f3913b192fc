/** The pull requests of examples/gitops, and Argo CD's actions, against a real API server: what it takes, keeps and refuses. */
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import type { Phase } from "../../operator/api/status.ts";
import type { RewindObject } from "../../operator/gather.ts";
import type { Kubernetes } from "../../operator/kube/kubernetes.ts";
import { resourcePath } from "../../operator/kube/paths.ts";
import { streamTableRewinds } from "../../operator/kube/resources.ts";
import type {} from "../support/provided.ts";
import { installRewinds } from "../support/rewinds.ts";
import { connect, KubeApi } from "../support/widgets.ts";
import { patchOf } from "./argocd.ts";
import { BUILD_TIMEOUT_MS } from "./chart.ts";
import { RewindsFolder, type Tool, tools } from "./gitops-flow.ts";
import { ensureLua } from "./lua.ts";
import { planHash, statusIn } from "./rewind-statuses.ts";

const cluster = inject("kube");

let api: KubeApi;
let kubernetes: Kubernetes;
let namespace: string;
let folder: RewindsFolder;

const sync = (tool: Tool) => folder.sync(tool, cluster);

const rewinds = () => kubernetes.client.resource<RewindObject>(streamTableRewinds);
const live = () => rewinds().get(namespace, folder.read().metadata.name);

/** As the operator would. */
const reach = async (phase: Phase) => rewinds().patchStatus(await live(), statusIn(phase, "Reconciling"));

async function act(action: string): Promise<RewindObject> {
  const object = await live();
  const path = resourcePath(streamTableRewinds, { namespace, name: object.metadata.name });
  return (await api.patch(path, (await patchOf(action, object)) ?? {})) as unknown as RewindObject;
}

beforeAll(async () => {
  await ensureLua();
  api = new KubeApi(cluster.kubeconfig);
  await installRewinds(api);
  kubernetes = connect(cluster.kubeconfig);
}, BUILD_TIMEOUT_MS);

afterAll(() => {
  kubernetes.close();
  api.close();
});

beforeEach(async () => {
  namespace = await api.makeNamespace();
  folder = new RewindsFolder(namespace);
  return () => folder.delete();
});

describe.each(tools)("%s", (tool) => {
  it("plays the two pull requests", async () => {
    await sync(tool);
    expect((await live()).spec).toMatchObject({ approval: { mode: "Manual", hold: true } });

    await reach("AwaitingApproval");
    folder.approve(planHash);
    await sync(tool);
    expect((await live()).spec).toMatchObject({ approval: { mode: "Manual", hold: true, planHash } });
  });

  it("changes nothing by a re-sync", async () => {
    await sync(tool);
    const { resourceVersion } = (await reach("AwaitingApproval")).metadata;
    await sync(tool);
    expect((await live()).metadata.resourceVersion).toBe(resourceVersion);
  });

  it("is told by the API server that a merged rewind does not change", async () => {
    await sync(tool);
    folder.set(["spec", "target", "snapshotId"], 43);
    await expect(sync(tool)).rejects.toThrow(/target is immutable: make a new StreamTableRewind/);
  });

  it("is told that there is nothing to approve without approval.mode Manual", async () => {
    folder.set(["spec", "approval"], { mode: "Automatic", planHash });
    await expect(sync(tool)).rejects.toThrow(/approval\.planHash needs approval\.mode Manual/);
  });

  it("leaves an approval and an abort by an action as they are", async () => {
    await sync(tool);
    await reach("AwaitingApproval");
    await act("approve");
    await act("abort");
    await sync(tool);
    expect((await live()).spec).toMatchObject({ abort: true, approval: { planHash } });
  });

  it("sets back what an action has changed and the file says otherwise", async () => {
    folder.set(["spec", "resume", "policy"], "Manual");
    await sync(tool);
    await reach("AwaitingResume");
    await act("resume");
    await sync(tool);
    expect((await live()).spec).toMatchObject({ resume: { policy: "Manual" } });
  });

  it("applies another rewind beside the first", async () => {
    const { metadata, ...rest } = folder.read();
    folder.add("2026-11-23-more.yaml", { ...rest, metadata: { ...metadata, name: "more" } });
    await sync(tool);
    expect((await rewinds().get(namespace, "more")).spec).toEqual((await live()).spec);
  });
});

describe("Argo CD's actions", () => {
  beforeEach(async () => {
    folder.set(["spec", "resume", "policy"], "Manual");
    await sync("Argo CD");
  });

  it("approve by the hash that status shows", async () => {
    await reach("AwaitingApproval");
    expect(await act("approve")).toMatchObject({ spec: { approval: { mode: "Manual", hold: true, planHash } } });
  });

  it("resume what waits for it", async () => {
    await reach("AwaitingResume");
    expect(await act("resume")).toMatchObject({ spec: { resume: { policy: "Automatic", replay: "Folded" } } });
  });

  it("abort, once and for all", async () => {
    expect(await act("abort")).toMatchObject({ spec: { abort: true } });
    expect(await patchOf("abort", await live())).toBeUndefined();
  });

  it("change no status", async () => {
    const { status } = await reach("AwaitingApproval");
    expect((await act("approve")).status).toEqual(status);
  });
});
