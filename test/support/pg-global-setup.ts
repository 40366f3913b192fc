/** One PostgreSQL for the pg tier. */
import type { TestProject } from "vitest/node";
import { startSharedPostgres } from "./servers.ts";

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { tier, stop } = await startSharedPostgres();
  project.provide("postgres", tier);
  return stop;
}
