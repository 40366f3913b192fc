/** Objects of the chart on the kube tier's API server, where nothing but the API server runs. */

import { systemClock } from "../../operator/kube/clock.ts";
import { isConflict } from "../../operator/kube/errors.ts";
import { loadKubeConfig } from "../../operator/kube/kubeconfig.ts";
import type { Kubernetes, KubernetesOptions } from "../../operator/kube/kubernetes.ts";
import { connectKubernetes } from "../../operator/kube/kubernetes.ts";
import type { CallMeasurement } from "../../operator/kube/types.ts";
import { silentLogger, silentReflector, silentStatus } from "../support/silent.ts";
import type { KubeApi } from "../support/widgets.ts";
import type { Manifest } from "./chart.ts";

function plural(kind: string): string {
  const lower = kind.toLowerCase();
  return lower.endsWith("y") ? `${lower.slice(0, -1)}ies` : `${lower}s`;
}

function pathOf({ apiVersion, kind, metadata }: Manifest, releaseNamespace: string): string {
  const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const isClusterWide = /^(Cluster|Validating|CustomResourceDefinition)/.test(kind);
  const scope = isClusterWide ? "" : `/namespaces/${metadata.namespace ?? releaseNamespace}`;
  return `${root}${scope}/${plural(kind)}`;
}

/** One after the other, as they come: roles before their bindings. */
export async function install(api: KubeApi, manifests: readonly Manifest[], releaseNamespace: string): Promise<void> {
  for (const manifest of manifests) {
    await api.post(pathOf(manifest, releaseNamespace), manifest).catch((error: unknown) => {
      if (!isConflict(error)) throw error;
    });
  }
}

/** Removes what has no namespace, and would be in other tests' way. */
export async function removeClusterWide(api: KubeApi, manifests: readonly Manifest[]): Promise<void> {
  for (const manifest of manifests.filter(({ kind }) => /^(Cluster|Validating)/.test(kind))) {
    await api.delete(`${pathOf(manifest, "")}/${manifest.metadata.name}`);
  }
}

export async function tokenOf(api: KubeApi, namespace: string, name: string): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
  const answer = await api.post(path, { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} });
  return (answer["status"] as { token: string }).token;
}

export interface ServiceAccount {
  readonly namespace: string;
  readonly name: string;
}

/** Connected as a service account, with its rights and no others; `calls` are all that it did. */
export async function connectAs(
  api: KubeApi,
  kubeconfig: string,
  { namespace, name }: ServiceAccount,
): Promise<Kubernetes & { readonly calls: readonly CallMeasurement[] }> {
  const admin = loadKubeConfig(kubeconfig);
  const headers = { Authorization: `Bearer ${await tokenOf(api, namespace, name)}` };
  const access: KubernetesOptions["access"] = {
    server: admin.server,
    async options() {
      const { ca, rejectUnauthorized } = await admin.options();
      return { ca, rejectUnauthorized, headers };
    },
  };
  const calls: CallMeasurement[] = [];
  const kubernetes = connectKubernetes({
    ...{ access, clock: systemClock, random: Math.random, logger: silentLogger },
    measurements: { call: (call) => calls.push(call), reflector: silentReflector, status: silentStatus },
  });
  return { ...kubernetes, calls };
}
