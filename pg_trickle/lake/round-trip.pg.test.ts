/** Every value that a lake table can hold comes back from the lake as PostgreSQL wrote it. */
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { useTrickle } from "../../test/support/trickle.ts";
import { failureOf } from "./testing/engine-client.ts";

const trickle = useTrickle({ lakeInitFile: fileURLToPath(new URL("./testing/edge-cases.sql", import.meta.url)) });

const COLUMNS = `id integer, b boolean, i2 smallint, i8 bigint, h numeric, f4 real, f8 double precision, d numeric(12, 2), big numeric,
  t text, bin bytea, u uuid, dt date, ts timestamp, tz timestamptz, tm time, iv interval, arr integer[], words text[], j json`;

const ROWS = `
  (1, true, 32767, 9223372036854775807, 9007199254740992, '3.4028235e38', '1.7976931348623157e308', 9999999999.99,
   99999999999999999999999999999999999999, 'plain', '\\x00ff10', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '9999-12-31',
   '9999-12-31 23:59:59.999999', '9999-12-31 23:59:59.999999+00', '23:59:59.999999', '1 year 2 mons 3 days 04:05:06.789',
   '{1,NULL,3}', '{a,"b c","{","\\"","\\\\",NULL,"NULL",""}', '{"a": [1, "x"]}'),
  (2, false, -32768, -9223372036854775808, -9007199254740992, '-1e-37', '-4.9e-324', -9999999999.99,
   -99999999999999999999999999999999999999, E'quote '' dq " bs \\\\ nl \\n tab \\t ünï 日本 😀', '\\x',
   '00000000-0000-0000-0000-000000000000', 'infinity', 'infinity', 'infinity', '00:00:00', '100 days', '{}', '{}', 'null'),
  (3, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null),
  (4, true, 0, 0, 0, 'NaN', 'NaN', 0.00, 0, '', '\\x41', '7b5e0f7c-0000-4000-8000-000000000001', '-infinity', '-infinity', '-infinity',
   '12:00:00.5', '0', '{-1}', '{ä}', '[]'),
  (5, true, 0, 0, 0, 'Infinity', '-Infinity', -0.01, 0, 'NULL', '\\x5c', '7b5e0f7c-0000-4000-8000-000000000001', '0044-03-15 BC',
   '0044-03-15 12:00:00 BC', '0044-03-15 12:00:00+00 BC', '12:00:00.000001', '00:00:01', '{1,2}', '{"a,b"}', '1'),
  (6, true, 0, 0, 17, '-0', '-0', 0.10, 0, '{a,b}', '\\x27', '7b5e0f7c-0000-4000-8000-000000000001', '2024-02-29',
   '1969-12-31 23:59:59.999999', '1901-01-01 00:00:00.000001+05:30:10', '12:00:00.000001', '100:00:00', '{1,2}', '{t}', '1'),
  (7, true, 0, 0, 1, '0.1', '0.1', 0.10, 0, E'\\\\x41', '\\x27', '7b5e0f7c-0000-4000-8000-000000000001', '1600-02-29',
   '1600-01-01 00:00:00', '1600-02-29 00:00:00.1+00', '12:00:00', '1 day 00:00:01', '{1,2}', '{t}', '1'),
  (8, true, 0, 0, 1, '1e-7', '1e21', 0.10, 0, ' ', '\\x27', '7b5e0f7c-0000-4000-8000-000000000001', '0001-01-01',
   '2026-11-22 10:06:24.580219', '2026-11-22 10:06:24.580219+00', '12:00:00', '0', '{1,2}', '{t}', '1')`;

beforeAll(async () => {
  const pool = trickle().pool();
  await pool.query(
    `create foreign table lake.edge_cases (${COLUMNS}) server lake options (schema_name 'main', table_name 'edge_cases')`,
  );
  await pool.query(`create table edge_cases (${COLUMNS})`);
  await pool.query(`insert into edge_cases values ${ROWS}`);
  await pool.query("insert into lake.edge_cases select * from edge_cases");
});

describe("values in the lake", () => {
  test.each(["UTC", "Asia/Kolkata", "America/St_Johns"])(
    "are those that were written, for a reader in %s",
    async (zone) => {
      const client = await trickle().pool().connect();
      try {
        await client.query(`set timezone = '${zone}'`);
        const texts = (table: string) =>
          client.query(
            `select id, key, value from ${table} as found, json_each_text(row_to_json(found)) order by id, key`,
          );
        const local = await texts("edge_cases");
        const lake = await texts("(select * from lake.edge_cases offset 0)");
        expect(lake.rows).toEqual(local.rows);
      } finally {
        client.release(true);
      }
    },
  );

  test("are found by conditions on each of them", async () => {
    const { rows } = await trickle()
      .pool()
      .query(
        `select l.id from edge_cases e join lake.edge_cases l on l.id = e.id
        where (e.h, e.f8, e.d, e.t, e.bin, e.u, e.dt, e.ts, e.tz, e.tm, e.iv, e.arr) is not distinct from
              (l.h, l.f8, l.d, l.t, l.bin, l.u, l.dt, l.ts, l.tz, l.tm, l.iv, l.arr) order by 1`,
      );
    expect(rows).toHaveLength(8);
  });

  test("are refused when Parquet would round them", async () => {
    const pool = trickle().pool();
    const hugeint = await failureOf(pool.query("insert into lake.edge_cases (id, h) values (9, 9007199254740993)"));
    expect(hugeint.code).toBe("22003");
    const interval = await failureOf(pool.query("insert into lake.edge_cases (id, iv) values (9, '00:00:00.000001')"));
    expect(interval.code).toBe("22003");
  });

  test("survive an update and a delete that PostgreSQL does row by row", async () => {
    const pool = trickle().pool();
    await pool.query("begin");
    // random() is never shipped, so postgres_fdw reads the rows and changes them one by one through ctid.
    await pool.query("update lake.edge_cases set t = t || '!', arr = arr || 7 where random() < 2");
    const { rows } = await pool.query(
      "select l.t = e.t || '!' and l.arr = e.arr || 7 as ok from edge_cases e join lake.edge_cases l using (id) where e.t is not null",
    );
    await pool.query("delete from lake.edge_cases where random() < 2");
    const left = await pool.query("select count(*)::int as n from lake.edge_cases");
    await pool.query("rollback");
    expect(rows).toEqual(Array.from({ length: 7 }, () => ({ ok: true })));
    expect(left.rows).toEqual([{ n: 0 }]);
  });
});
