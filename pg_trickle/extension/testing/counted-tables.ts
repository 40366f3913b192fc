/** Lake tables with a stream table that counts and sums them, and a plain DuckDB beside. */
import { beforeAll } from "vitest";
import type { DuckdbClient } from "../../../stack/ducklake.ts";
import { useTrickle } from "../../../test/support/trickle.ts";

export const trickle = useTrickle();
export let duckdb: DuckdbClient;

export async function rows<T = Record<string, string>>(text: string, values: unknown[] = []): Promise<T[]> {
  return (await trickle().pool().query(text, values)).rows as T[];
}

/** A lake table (k, v) under that name, and a stream table that counts and sums it. */
export async function make(name: string, first: string): Promise<void> {
  await duckdb.run(`create table lake.${name} (k varchar, v bigint)`);
  await duckdb.run(`insert into lake.${name} ${first}`);
  await rows(
    `create foreign table lake.${name} (k text, v bigint) server lake options (schema_name 'main', table_name '${name}')`,
  );
  await rows(
    `select pgtrickle.create_stream_table('${name}_s', 'select k, count(*) as n, sum(v) as s from lake.${name} group by k')`,
  );
}

/** Refreshes, and says by which strategy and why. */
export async function refresh(name: string): Promise<{ strategy: string; reason: string }> {
  await rows(`select pgtrickle.refresh('${name}_s')`);
  const [last] = await rows<{ strategy: string; reason: string }>(
    "select strategy, reason from pgtrickle.refresh_history where table_name = $1 order by refresh_id desc limit 1",
    [`${name}_s`],
  );
  if (!last) throw new Error("there is no refresh");
  return last;
}

export async function isRight(name: string): Promise<boolean> {
  const [verified] = await rows<{ ok: boolean }>(`select ok from pgtrickle.verify('${name}_s', 'rows')`);
  return verified?.ok === true;
}

beforeAll(async () => {
  duckdb = await trickle().duckdb({ readOnly: false });
  // Stands for tables that are so large that a delta is always cheaper.
  await rows("insert into pgtrickle_internal.settings (name, value) values ('recompute_base_ms', 1000000)");
});
