/** Which cluster the tests run on and where its nodes find the images: from the environment, and nowhere else, so that nobody's own cluster is touched by accident. */
import { readFileSync } from "node:fs";

const PACKAGE = new URL("../../package.json", import.meta.url);
/** Of this checkout: the tag of the images that are built from it. */
export const VERSION = (JSON.parse(readFileSync(PACKAGE, "utf8")) as { readonly version: string }).version;

export interface ClusterSettings {
  readonly kubeconfig: string;
  readonly kubectl: string;
  readonly helm: string;
  /** What comes before `/operator:<tag>` and the other images' names. */
  readonly images: string;
  readonly tag: string;
}

export const HOW_TO = `The cluster tests need a cluster of their own, whose nodes have the images:
  STRW_CLUSTER_KUBECONFIG  kubeconfig of a cluster administrator (required)
  STRW_CLUSTER_IMAGES      registry and folder of the images (streamtable-rewind)
  STRW_CLUSTER_TAG         their tag (${VERSION})
  STRW_KUBECTL, STRW_HELM  programs (kubectl, helm on the PATH)
See test/cluster/local.sh.`;

/** Undefined where no cluster is given. */
export function readClusterSettings(environment: NodeJS.ProcessEnv): ClusterSettings | undefined {
  const kubeconfig = environment["STRW_CLUSTER_KUBECONFIG"];
  if (!kubeconfig) return undefined;
  return {
    kubeconfig,
    kubectl: environment["STRW_KUBECTL"] || "kubectl",
    helm: environment["STRW_HELM"] || "helm",
    images: environment["STRW_CLUSTER_IMAGES"] || "streamtable-rewind",
    tag: environment["STRW_CLUSTER_TAG"] || VERSION,
  };
}
