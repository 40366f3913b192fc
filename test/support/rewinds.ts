/** StreamTableRewinds on the kube tier's API server. */
import { vi } from "vitest";
import type { RewindObject } from "../../operator/gather.ts";
import { buildCrd } from "../../operator/generate-crds.ts";
import { isConflict } from "../../operator/kube/errors.ts";
import { resourcePath } from "../../operator/kube/paths.ts";
import { streamTableRewinds } from "../../operator/kube/resources.ts";
import type { KubeApi } from "./widgets.ts";

const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/** The committed CRD is this one: `make verify` sees to it. */
export async function installRewinds(api: KubeApi): Promise<void> {
  await api.post(definitions, buildCrd()).catch((error: unknown) => {
    // another test file was first
    if (!isConflict(error)) throw error;
  });
  const isServed = () =>
    api.get(resourcePath(streamTableRewinds)).then(
      () => true,
      () => false,
    );
  await vi.waitUntil(isServed, { timeout: 50_000, interval: 100 });
}

export interface MakeRewindOptions {
  readonly namespace: string;
  readonly name: string;
  readonly spec: unknown;
  readonly dryRun?: boolean;
}

export async function makeRewind(api: KubeApi, options: MakeRewindOptions): Promise<RewindObject> {
  const { namespace, name, spec, dryRun = false } = options;
  const { group, version, kind } = streamTableRewinds;
  const body = { apiVersion: `${group}/${version}`, kind, metadata: { name }, spec };
  const path = resourcePath(streamTableRewinds, { namespace });
  return (await api.post(dryRun ? `${path}?dryRun=All` : path, body)) as unknown as RewindObject;
}

export async function makeSecret(
  api: KubeApi,
  namespace: string,
  name: string,
  stringData: Readonly<Record<string, string>>,
): Promise<void> {
  await api.post(`/api/v1/namespaces/${namespace}/secrets`, { metadata: { name }, stringData });
}
