/**
 * Where the API server is and who we are there: KUBECONFIG where it is set, else the service account of the pod, else
 * ~/.kube/config. The library that understands kubeconfig files costs 80 MB of memory (client-node 2.0.1, Node 24), and a pod
 * has none: it is loaded only for them.
 */
import { podAccess } from "./pod-access.ts";
import type { ClusterAccess } from "./types.ts";

export async function loadAccess(environment: NodeJS.ProcessEnv = process.env): Promise<ClusterAccess> {
  const paths = environment["KUBECONFIG"];
  if (!paths && environment["KUBERNETES_SERVICE_HOST"]) return podAccess(environment);
  const { loadKubeConfig } = await import("./kubeconfig.ts");
  return loadKubeConfig(paths);
}
