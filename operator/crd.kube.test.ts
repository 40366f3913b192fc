/** The generated CRD in a real API server: it agrees with zod row by row, and keeps what only it can keep. */
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { makeObserved, makePlan, makeSpecInput } from "../test/support/make-observed.ts";
import type {} from "../test/support/provided.ts";
import { installRewinds, makeRewind } from "../test/support/rewinds.ts";
import { changeRows, specRows } from "../test/support/spec-rows.ts";
import { connect, KubeApi } from "../test/support/widgets.ts";
import { type Phase, terminalPhases, unobserved } from "./api/status.ts";
import { terminalPhaseMessage } from "./api/stream-table-rewind.ts";
import { decide } from "./core/decide.ts";
import type { RewindObject } from "./gather.ts";
import { isInvalid } from "./kube/errors.ts";
import type { Kubernetes } from "./kube/kubernetes.ts";
import { streamTableRewinds } from "./kube/resources.ts";
import type { ResourceClient } from "./kube/types.ts";

const { kubeconfig } = inject("kube");

let api: KubeApi;
let kubernetes: Kubernetes;
let rewinds: ResourceClient<RewindObject>;
let namespace: string;

beforeAll(async () => {
  api = new KubeApi(kubeconfig);
  await installRewinds(api);
  namespace = await api.makeNamespace();
  kubernetes = connect(kubeconfig);
  rewinds = kubernetes.client.resource<RewindObject>(streamTableRewinds);
});

afterAll(() => {
  kubernetes.close();
  api.close();
});

function make(spec: unknown = makeSpecInput()): Promise<RewindObject> {
  return makeRewind(api, { namespace, name: `r-${randomBytes(5).toString("hex")}`, spec });
}

describe("the API server judges a spec as zod and the named checks do", () => {
  it.each(specRows)("$name: $isValid", async ({ spec, isValid, refusal = "" }) => {
    const answer = await makeRewind(api, { namespace, name: "row", spec, dryRun: true }).catch(
      (error: unknown) => error,
    );
    if (isValid) expect(answer).toMatchObject({ metadata: { name: "row" } });
    else {
      expect(isInvalid(answer), String(answer)).toBe(true);
      expect(String(answer)).toContain(refusal);
    }
  });
});

describe("a spec that exists", () => {
  let object: RewindObject;
  beforeAll(async () => {
    object = await make();
  });

  it.each(changeRows)("$name: $refusal", async ({ on, patch, refusal }) => {
    const live = on ? await make(makeSpecInput(on)) : await rewinds.get(namespace, object.metadata.name);
    const answer = await rewinds.patch(live, { spec: patch }).catch((error: unknown) => error);
    if (refusal === undefined) expect(answer).toMatchObject({ spec: patch });
    else expect(String(answer)).toContain(refusal);
  });
});

describe("status", () => {
  it("is not written with the spec", async () => {
    const object = await make();
    const patched = await rewinds.patch(object, { status: { phase: "Succeeded" } });
    expect(patched.status).toEqual(unobserved);
  });

  it.each(terminalPhases)("stays %s for ever", async (phase: Phase) => {
    const ended = await rewinds.patchStatus(await make(), { phase });
    for (const status of [{ phase: "Pending" }, { phase: null }]) {
      const answer = await rewinds.patchStatus(ended, status).catch((error: unknown) => error);
      expect(String(answer)).toContain(terminalPhaseMessage);
    }
    const told = await rewinds.patchStatus(ended, { message: "still" });
    expect(told.status).toMatchObject({ phase, message: "still" });
  });

  it("as decide writes it is stored as it is", async () => {
    const { status } = decide(makeObserved({ status: { plan: makePlan() } }));
    const written = await rewinds.patchStatus(await make(), status);
    expect(written.status).toEqual(status);
  });
});

it("defaults are filled in by the server, the same as by zod", async () => {
  const { specSchema } = await import("./api/spec.ts");
  const input = makeSpecInput();
  expect((await make(input)).spec).toEqual(specSchema.parse(input));
});
