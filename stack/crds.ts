// The project's CRDs in a Kubernetes of our own: applied, and served.

import { join } from "node:path";
import { fileURLToPath } from "node:url";

const CRDS = join(fileURLToPath(new URL("..", import.meta.url)), "crds");
const TRIES = 10;

/** Throws if kubectl fails. */
export type RunKubectl = (args: readonly string[]) => Promise<unknown>;

/** Applies the CRDs and returns when the API server has established them. Throws kubectl's error. */
export async function installCrds(kubectl: RunKubectl): Promise<void> {
  await kubectl(["apply", "--server-side", "-f", CRDS]);
  await waitForCrds(kubectl, ["-f", CRDS]);
}

/** `what`: kubectl's arguments that name them. Throws kubectl's error, also if they are not established within a minute. */
export async function waitForCrds(kubectl: RunKubectl, what: readonly string[]): Promise<void> {
  const wait = () => kubectl(["wait", "--for=condition=Established", "--timeout=60s", ...what]);
  // A CRD that is seconds old may have no conditions yet (null), which kubectl 1.34 does not wait for: it fails at once.
  for (let tries = 1; tries < TRIES; tries += 1) {
    try {
      await wait();
      return;
    } catch (error) {
      if (!String(error).includes(".status.conditions accessor error")) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100 * tries));
    }
  }
  await wait();
}
