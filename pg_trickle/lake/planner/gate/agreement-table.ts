// The table that both engines are asked about, and how their answers are compared.
import type { TestDuckdb } from "../testing.ts";

export const COLUMNS =
  "id int, i int, b bigint, s smallint, n numeric(12,2), m numeric(10,4), f double precision, x varchar, y varchar, d date, ts timestamp, tz timestamptz, u uuid, bo boolean";

export const ROWS: readonly string[] = [
  `1, 1, 10, 2, 1.25, 0.5000, 1.5, 'abc', 'a%c', '2026-01-31', '2026-01-31 10:11:12.5', '2026-01-31 10:11:12.5+00', '00000000-0000-0000-0000-000000000001', true`,
  `2, -7, -70, -2, -1.25, -0.0005, -2.5, 'Ärger', 'a_c', '2024-02-29', '2024-02-29 23:59:59.999999', '2024-02-29 23:59:59.999999+00', 'ffffffff-0000-0000-0000-000000000001', false`,
  "3, null, null, null, null, null, null, null, null, null, null, null, null, null",
  `4, 2147483647, 9223372036854775807, 32767, 9999999999.99, 999999.9999, 1e15, '', '\\_', '1999-12-31', '1999-12-31 00:00:00', '1999-12-31 00:00:00+00', '00000000-0000-0000-0000-00000000000f', true`,
  `5, -2147483648, -9223372036854775808, -32768, -9999999999.99, -999999.9999, 0, 'a_c', '%', '2026-03-29', '2026-03-29 02:30:00', '2026-03-29 02:30:00+00', '10000000-0000-0000-0000-000000000001', false`,
  `6, 0, 0, 0, 0.00, 0.0000, 'NaN', E'x\\ny ', 'abc', '2026-12-31', '2026-12-31 12:00:00', '2026-12-31 12:00:00+00', '20000000-0000-0000-0000-000000000001', null`,
  `7, 5, 5, 5, 2.50, 2.5000, 'infinity', 'a\\_c', 'a\\_c', '2026-06-15', '2026-06-15 01:01:01', '2026-06-15 01:01:01+00', '30000000-0000-0000-0000-000000000001', true`,
  `8, 3, 3, 3, 3.35, 3.3550, 0.1, 'ABC', 'abc', '2026-06-16', '2026-06-16 01:01:01', '2026-06-16 01:01:01+00', '40000000-0000-0000-0000-000000000001', true`,
  `9, 3, 3, 3, -3.35, -2.5000, 3.5, E' \\t é日本  ', '', '1970-01-01', '1969-12-31 23:59:59.5', '1969-12-31 23:59:59.5+00', '40000000-0000-0000-0000-00000000000a', true`,
  `10, 12, -13, -3, 0.05, 0.0050, 0.5, 'ab', 'b', '1904-02-29', '1900-01-01 00:00:00.000001', '1900-01-01 00:00:00.000001+00', '40000000-0000-0000-0000-00000000000b', false`,
];
export const VALUES = ROWS.map((row) => `(${row})`).join(", ");
export const asText = { getTypeParser: () => (value: string | Buffer) => value };

/** Texts that mean the same value. */
export function same(value: unknown): unknown {
  if (value === "t" || value === "f") return value === "t" ? "true" : "false";
  const text = String(value);
  if (/^-?\d+(\.\d+)?e[+-]\d+$/.test(text)) return String(Number(text));
  return /^-?\d+\.\d+$/.test(text) ? text.replace(/\.?0+$/, "") : text;
}

export async function fromDuckdb(duckdb: TestDuckdb, sql: string): Promise<readonly string[]> {
  const types = (await duckdb.rows(`describe ${sql}`)).map((row) => String(row[1]));
  const names = types.map((_, index) => `c${index}`);
  const columns = types.map((type, index) => (/TIME ZONE|DATE/.test(type) ? `c${index}::varchar` : `c${index}`));
  const rows = await duckdb.rows(`select ${columns.join(", ")} from (${sql}) as q(${names.join(", ")})`);
  return rows.map((row) => row.map(same).join("|"));
}
