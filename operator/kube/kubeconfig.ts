/** Kubeconfig files, by client-node: merging, contexts, exec plugins, proxies. The only module that loads it. */
import type http from "node:http";
import type https from "node:https";
import { delimiter } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import type { ClusterAccess } from "./types.ts";

function loadFile(path: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromFile(path);
  return config;
}

/** As kubectl: the first file's current context wins. */
function loadFiles(paths: readonly string[]): KubeConfig {
  const [first, ...others] = paths.filter((path) => path !== "");
  if (first === undefined) throw new Error("KUBECONFIG names no file");
  const config = loadFile(first);
  for (const path of others) config.mergeConfig(loadFile(path), true);
  return config;
}

function loadDefault(): KubeConfig {
  const config = new KubeConfig();
  config.loadFromDefault();
  return config;
}

function accessOf(config: KubeConfig): ClusterAccess {
  const cluster = config.getCurrentCluster();
  if (!cluster) throw new Error("the kubeconfig has no current cluster");
  return {
    server: cluster.server,
    async options() {
      const options: https.RequestOptions = {};
      await config.applyToHTTPSOptions(options);
      return options;
    },
    // client-node's agent knows the proxy; TLS material rotates seldom behind one
    ...(cluster.proxyUrl && { proxyAgent: (options: https.RequestOptions) => options.agent as http.Agent }),
  };
}

/** @param paths as in KUBECONFIG; undefined: ~/.kube/config. */
export function loadKubeConfig(paths: string | undefined): ClusterAccess {
  return accessOf(paths ? loadFiles(paths.split(delimiter)) : loadDefault());
}
