/** One Kubernetes API server for the kube tier. */
import type { TestProject } from "vitest/node";
import { startSharedControlPlane } from "./servers.ts";

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { tier, stop } = await startSharedControlPlane();
  project.provide("kube", tier);
  return stop;
}
