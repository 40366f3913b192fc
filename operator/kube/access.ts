/**
 * Where the API server is and who we are there: KUBECONFIG where it is set, else the service account of the pod, else
 * ~/.kube/config. The library that understands kubeconfig files costs 80 MB of memory (client-node 2.0.1, Node 24), and a pod
 * has none: it is loaded only for them.
 */
import type http from "node:http";
import type https from "node:https";
import { podAccess } from "./pod-access.ts";

export interface ClusterAccess {
  /** Base URL of the API server. */
  readonly server: string;
  /** Credentials and TLS material as they are now: files are read again when they have rotated. */
  options(): Promise<https.RequestOptions>;
  /** Where the server is behind a proxy: how to go through it. */
  proxyAgent?(options: https.RequestOptions): http.Agent;
}

export async function loadAccess(environment: NodeJS.ProcessEnv = process.env): Promise<ClusterAccess> {
  const paths = environment["KUBECONFIG"];
  if (!paths && environment["KUBERNETES_SERVICE_HOST"]) return podAccess(environment);
  const { loadKubeConfig } = await import("./kubeconfig.ts");
  return loadKubeConfig(paths);
}
