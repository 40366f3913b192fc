/** One PostgreSQL and one Kubernetes API server for the e2e tier. */
import type { TestProject } from "vitest/node";
import { startSharedControlPlane, startSharedPostgres } from "./servers.ts";

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const postgres = await startSharedPostgres();
  const controlPlane = await startSharedControlPlane().catch(async (error: unknown) => {
    await postgres.stop();
    throw error;
  });
  project.provide("postgres", postgres.tier);
  project.provide("kube", controlPlane.tier);
  return async () => {
    await Promise.all([postgres.stop(), controlPlane.stop()]);
  };
}
