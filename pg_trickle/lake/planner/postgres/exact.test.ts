// Of which queries PostgreSQL keeps counts and sums of rows: arguments whose digits after the point are always the same.
import { describe, expect, test } from "vitest";
import { SEVERAL_SCALES } from "./doubts.ts";
import { shapeOf } from "./shape.ts";

const columns = {
  floats: new Set(["score"]),
  scales: new Map([
    ["amount", 2],
    ["price", 2],
    ["quantity", 0],
    ["either", SEVERAL_SCALES],
  ]),
  tables: new Map([
    ["lake.sales", ["id", "kind", "amount", "quantity", "score", "user_id"]],
    ["lake.users", ["user_id", "country"]],
  ]),
};
const grouped = (sql: string) => shapeOf(sql, columns).grouped;

describe("kept", () => {
  test.each([
    [
      "select lower(kind) as k, sum(amount * (2)::numeric) as s, count(*) as n from lake.sales group by lower(kind)",
      "SELECT lower(kind) AS k1, amount * 2::numeric AS a1 FROM lake.sales",
    ],
    [
      "select u.country, avg(s.quantity) as q, count(s.kind) filter (where s.id > 3) as n from lake.sales s join lake.users u on u.user_id = s.user_id group by u.country",
      "SELECT u.country AS k1, s.quantity AS a1, CASE WHEN s.id > 3 THEN s.kind END AS a2 FROM lake.sales AS s JOIN lake.users AS u ON u.user_id = s.user_id",
    ],
    ["select count(*) as n from lake.sales where kind ~ 'a'", "SELECT 1 AS a1 FROM lake.sales WHERE kind ~ 'a'"],
    [
      "select sum(case when kind = 'a' then amount else null::numeric end) as s from lake.sales",
      "SELECT CASE WHEN kind = 'a' THEN amount ELSE NULL::numeric END AS a1 FROM lake.sales",
    ],
  ])("%s", (sql, query) => {
    expect(grouped(sql)?.query).toBe(query);
  });
});

describe("not kept", () => {
  test.each([
    "select lower(kind) as k, sum(score) as s from lake.sales group by lower(kind)",
    "select lower(kind) as k, sum(amount / 3) as s from lake.sales group by lower(kind)",
    "select lower(kind) as k, sum(case when id > 1 then amount else 0 end) as s from lake.sales group by lower(kind)",
    "select lower(kind) as k, sum(either) as s from lake.sales group by lower(kind)",
    "select lower(kind) as k, sum((payload ->> 'n')::numeric) as s from lake.sales group by lower(kind)",
    "select q.kind, sum(q.amount) as s from (select kind, amount / 3 as amount from lake.sales) q group by q.kind",
    "select s.kind, sum(v.amount) as s from lake.sales s cross join lateral (values (s.amount / 3)) v (amount) group by s.kind",
    "select u.country, count(*) as n from lake.sales s join lake.users u on u.user_id < s.user_id group by u.country",
    "select lower(kind) as k, min(amount) as s from lake.sales group by lower(kind)",
    "select count(*) as n from lake.sales where id in (select user_id from lake.users)",
  ])("%s", (sql) => {
    expect(grouped(sql)).toBe(null);
  });
});
