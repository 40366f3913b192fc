// How queries over one table are kept by changes. What is not sure to be so is recomputed.
import { describe, expect, test } from "vitest";
import { shapeOf } from "./shape.ts";

const TABLES = new Map([
  ["lake.sales", ["id", "kind", "day", "amount", "label", "user_id", "quantity", "tags"]],
  ["lake.users", ["user_id", "name", "country"]],
  ["lake.orders", ["order_id", "user_id", "product_id", "quantity"]],
  ["lake.products", ["product_id", "title"]],
]);

const kind = (sql: string) => {
  const found = shapeOf(sql, { floats: new Set(), scales: new Map(), tables: TABLES }).kind;
  if (found.name !== "keyed") return found.name;
  const [only, ...others] = found.keys;
  if (others.length === 0) return `keyed ${only?.columns.join(", ")}`;
  return `keyed ${found.keys.map(({ table, columns }) => `${table}.${columns.join(", ")}`).join(" = ")}`;
};

describe("row by row", () => {
  test.each([
    "select * from lake.sales",
    "select id, lower(label) as l from lake.sales where amount > 1 and label ~ 'a'",
    "select s.id, t.tag from lake.sales s cross join lateral unnest(s.tags) as t (tag)",
    "select s.id, t.tag from lake.sales s left join lateral unnest(s.tags) as t (tag) on true",
    "select s.id, g.n from lake.sales s, generate_series(1, s.quantity) as g (n)",
    "select id, (select max(v) from unnest(tags) v) as top from lake.sales",
    "select q.l from (select lower(label) as l, amount from lake.sales) q where q.amount > 1",
    "with q as (select label from lake.sales where id > 3) select upper(label) as u from q",
    "select v.x, s.id from lake.sales s join (values (1), (2)) v (x) on v.x = s.quantity",
    "select id from lake.sales order by amount",
  ])("%s", (sql) => {
    expect(kind(sql)).toBe("rows");
  });
});

describe("part by part", () => {
  test.each([
    ["select kind, min(amount) as low from lake.sales group by kind", "keyed kind"],
    ["select min(amount) as low from lake.sales group by kind, day", "keyed day, kind"],
    ["select kind, lower(label) as l, count(*) as n from lake.sales group by kind, lower(label)", "keyed kind"],
    ["select kind from lake.sales group by kind having count(distinct day) > 3", "keyed kind"],
    ["select distinct kind, lower(label) as l from lake.sales", "keyed kind"],
    ["select distinct on (kind) kind, id, amount from lake.sales order by kind, id, amount", "keyed kind"],
    ["select id, rank() over (partition by kind order by amount) as r from lake.sales", "keyed kind"],
    [
      "select rank() over w as r, sum(amount) over (partition by kind, day) as s from lake.sales window w as (partition by day order by id)",
      "keyed day",
    ],
    [
      "select q.id from (select id, rank() over (partition by kind order by amount) as r from lake.sales) q where q.r <= 3",
      "keyed kind",
    ],
    [
      "select q.kind, max(q.total) as m from (select kind, day, sum(amount) as total from lake.sales group by kind, day) q group by q.kind",
      "keyed kind",
    ],
    [
      "with d as (select distinct kind, day from lake.sales) select day, count(*) as n from d group by day",
      "keyed day",
    ],
    [
      "select k.category as kind, max(k.amount) as m from (select kind as category, amount from lake.sales) k group by k.category",
      "keyed kind",
    ],
  ])("%s: %s", (sql, wanted) => {
    expect(kind(sql)).toBe(wanted);
  });
});

describe("tables that are joined by equal keys", () => {
  test.each([
    [
      "select s.id, u.name from lake.sales s join lake.users u on u.user_id = s.user_id",
      "sales.user_id = users.user_id",
    ],
    [
      "select s.id, u.name from lake.sales s left join lake.users u on u.user_id = s.user_id and u.country = 'DE'",
      "sales.user_id = users.user_id",
    ],
    ["select s.id, u.name from lake.sales s full join lake.users u using (user_id)", "sales.user_id = users.user_id"],
    [
      "select s.id from lake.sales s, lake.users u where u.user_id = s.user_id and s.amount > 1",
      "sales.user_id = users.user_id",
    ],
    [
      "select u.name, o.order_id, s.id from lake.users u left join lake.orders o on o.user_id = u.user_id left join lake.sales s on s.user_id = o.user_id",
      "users.user_id = orders.user_id = sales.user_id",
    ],
    [
      "select u.user_id, max(s.amount) as m from lake.users u left join lake.sales s on s.user_id = u.user_id group by u.user_id",
      "users.user_id = sales.user_id",
    ],
    [
      "select q.user_id, count(*) as n from (select u.user_id, s.kind from lake.sales s join lake.users u on u.user_id = s.user_id) q group by q.user_id",
      "sales.user_id = users.user_id",
    ],
    [
      "select s.user_id, rank() over (partition by u.user_id order by s.amount) as r from lake.sales s join lake.users u on u.user_id = s.user_id",
      "sales.user_id = users.user_id",
    ],
    [
      "select s.id, t.tag from lake.sales s join lake.users u on u.user_id = s.user_id cross join lateral unnest(s.tags) t (tag)",
      "sales.user_id = users.user_id",
    ],
    [
      "with q as (select s.id, u.name from lake.sales s join lake.users u on u.user_id = s.user_id) select q.id from q where q.name ~ 'A'",
      "sales.user_id = users.user_id",
    ],
  ])("%s: %s", (sql, wanted) => {
    expect(kind(sql)).toBe(`keyed ${wanted}`);
  });

  test("a table joined with itself is read once", () => {
    expect(kind("select a.id, b.id as other from lake.sales a join lake.sales b on a.user_id = b.user_id")).toBe(
      "keyed user_id",
    );
  });
});

describe("recomputed", () => {
  test.each([
    "select lower(kind) as k, min(amount) as low from lake.sales group by lower(kind)",
    "select min(amount) as low from lake.sales",
    "select kind, min(amount) as m from lake.sales group by rollup (kind)",
    "select id, rank() over (order by amount) as r from lake.sales",
    "select id, rank() over (partition by kind order by amount) as r, sum(amount) over () as s from lake.sales",
    "select id from lake.sales order by id limit 3",
    "select kind, min(amount) as m, rank() over (partition by kind order by min(amount)) as r from lake.sales group by kind",
    "select kind from lake.sales union all select 'x' as kind",
    "select a.id from lake.sales a join lake.users b on a.id < b.user_id",
    "select a.id from lake.sales a join lake.users b on a.user_id + 0 = b.user_id",
    "select a.id from lake.sales a join lake.users b on a.user_id = b.user_id or a.id = 1",
    "select a.id from lake.sales a, lake.users b",
    "select o.order_id from lake.orders o join lake.users u on u.user_id = o.user_id join lake.products p on p.product_id = o.product_id",
    "select a.id from lake.sales a join lake.sales b on a.id = b.user_id",
    "select u.country, count(*) as n from lake.sales s join lake.users u on u.user_id = s.user_id group by u.country",
    "select u.user_id, min(s.id) as n from lake.sales s left join lake.users u on u.user_id = s.user_id group by u.user_id",
    "select a.id from lake.sales a left join lake.users b on true where a.user_id = b.user_id",
    "select s.id from lake.sales s join (lake.users u left join lake.orders o on true) on u.user_id = s.user_id and o.user_id = s.user_id",
    "select v.x from (values (1)) v (x) left join (lake.sales s join lake.users u on u.user_id = s.user_id) on v.x = s.id",
    "select s.id from lake.sales s join lake.users u on u.user_id = s.user_id where exists (select from lake.orders o where o.user_id = u.user_id)",
    "select a.id from lake.sales a join lake.sales b on a.id = b.user_id and a.user_id = b.id",
    "select x.v, s.id from (values (1), (2)) x (v) left join lake.sales s on s.id = x.v",
    "select id from lake.sales s where exists (select from lake.users u where u.id = s.id)",
    "select (select max(amount) from lake.sales) as m",
    "select max(q.n) as m from (select kind, count(*) as n from lake.sales group by kind) q",
    "select q.day, max(q.n) as m from (select kind, min(day) as day, count(*) as n from lake.sales group by kind) q group by q.day",
    "select distinct lower(kind) as k from lake.sales",
    "with recursive r as (select id from lake.sales union all select id + 1 from r where id < 3) select id from r",
    "select s.id, n.m from lake.sales s cross join lateral (select max(t.amount) as m from lake.sales t where t.kind = s.kind) n",
    "select q.k, max(q.a) as m from (select kind, amount from lake.sales) q (k, a) group by q.k",
  ])("%s", (sql) => {
    expect(kind(sql)).toBe("recompute");
  });
});

describe("sums of floats", () => {
  const floats = new Set(["score"]);
  test.each([
    ["select kind, sum(score) as s from lake.sales group by kind", "recompute"],
    ["select kind, stddev(amount::double precision) as s from lake.sales group by kind", "recompute"],
    ["select kind, avg(sqrt(amount)) as s from lake.sales group by kind", "recompute"],
    ["select kind, sum(q.x) as s from (select kind, score as x from lake.sales) q group by kind", "recompute"],
    ["select id, sum(score) over (partition by kind) as s from lake.sales", "recompute"],
    ["select kind, max(score) as s, sum(amount) as t from lake.sales group by kind", "keyed"],
    ["select id, score * 2 as s from lake.sales", "rows"],
  ])("%s: %s", (sql, wanted) => {
    expect(shapeOf(sql, { floats, scales: new Map(), tables: new Map() }).kind.name).toBe(wanted);
  });
});

describe("groups and their aggregates", () => {
  test.each([
    [
      "select kind, round(sum(amount) / nullif(count(*), 0), 2) as r from lake.sales group by kind having count(*) filter (where id > 3) > 1",
      "SELECT kind AS o1, sum(amount) AS o2, count(*) AS o3, count(CASE WHEN id > 3 THEN 1 END) AS o4 FROM lake.sales GROUP BY kind",
      ["o.o1", "round(o.o2 / (NULLIF (o.o3, 0)), 2)"],
      "o.o4 > 1",
    ],
    [
      "select sum(amount) as s from lake.sales where id > 1 group by lower(label)",
      "SELECT lower(label) AS o1, sum(amount) AS o2 FROM lake.sales WHERE id > 1 GROUP BY lower(label)",
      ["o.o2"],
      null,
    ],
    ["select count(*) + 1 as n from lake.sales", "SELECT count(*) AS o1 FROM lake.sales", ["o.o1 + 1"], null],
  ])("%s", (sql, query, projection, having) => {
    expect(shapeOf(sql).state).toMatchObject({ query, projection, having });
  });

  test.each([
    "select kind from lake.sales group by kind",
    "select kind, min(amount) as m from lake.sales group by kind",
    "select json_value(label::jsonb, '$.a') as v, count(*) as n from lake.sales group by json_value(label::jsonb, '$.a')",
    "select kind, count(distinct id) as n from lake.sales group by kind",
    "select kind, count(*) as n from lake.sales group by rollup (kind)",
    "select kind, count(*) as n, rank() over (order by count(*)) as r from lake.sales group by kind",
    "select kind, count(*) as n from (select kind from lake.sales) q group by kind",
    "select distinct count(*) as n from lake.sales group by kind",
    "select count(*) as n from lake.sales group by kind order by count(*), kind limit 1",
  ])("%s: are none", (sql) => {
    expect(shapeOf(sql).state).toBe(null);
  });
});
