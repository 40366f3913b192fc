// On what the figures were measured.

import { cpus, loadavg, release, type as systemType, totalmem } from "node:os";
import type { BenchDatabase } from "./bench-database.ts";
import type { Machine } from "./report.ts";

export function describeMachine(): Omit<Machine, "versions"> {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? "unknown processor",
    cores: processors.length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    system: `${systemType()} ${release()}`,
    load: loadavg()[0] ?? 0,
    date: new Date().toISOString().slice(0, 10),
  };
}

export async function describeVersions({ session, duckdb }: BenchDatabase): Promise<string> {
  const { rows } = await session.query(
    "select current_setting('server_version') as version, current_setting('fsync') as fsync",
  );
  const [duck] = await duckdb.rows("select version() as version");
  return `PostgreSQL ${rows[0].version} (fsync ${rows[0].fsync}), DuckDB ${duck?.["version"]}, Node ${process.version}`;
}
