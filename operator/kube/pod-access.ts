/** The service account that Kubernetes mounts into every pod. The kubelet replaces the files long before they expire. */
import { readFile } from "node:fs/promises";
import { isIPv6 } from "node:net";
import { join } from "node:path";
import type { ClusterAccess } from "./types.ts";

const mountedAt = "/var/run/secrets/kubernetes.io/serviceaccount";

export function podAccess(environment: NodeJS.ProcessEnv, folder = mountedAt): ClusterAccess {
  const host = environment["KUBERNETES_SERVICE_HOST"] ?? "";
  const port = environment["KUBERNETES_SERVICE_PORT"] ?? "443";
  return {
    server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    async options() {
      const [ca, token] = await Promise.all([
        readFile(join(folder, "ca.crt")),
        readFile(join(folder, "token"), "utf8"),
      ]);
      return { ca, headers: { Authorization: `Bearer ${token.trim()}` } };
    },
  };
}
