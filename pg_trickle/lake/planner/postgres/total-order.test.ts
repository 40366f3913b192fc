// What of a query is chance, and what only looks like it.
import { describe, expect, test } from "vitest";
import { RefusedError } from "../refusal.ts";
import { shapeOf } from "./shape.ts";

const code = (sql: string) => {
  try {
    shapeOf(sql);
    return "ok";
  } catch (error) {
    if (error instanceof RefusedError) return error.code;
    throw error;
  }
};

describe("is chance", () => {
  test.each([
    ["select id, amount from lake.sales limit 3", "LQ001"],
    ["select id, amount from lake.sales order by id limit 3", "LQ001"],
    ["select id from lake.sales order by id offset 3", "ok"],
    ["select kind, count(*) as n from lake.sales group by kind order by count(*) desc limit 3", "LQ001"],
    ["select id, amount from lake.sales order by amount offset 2 rows fetch first 3 rows with ties", "LQ001"],
    ["select id from lake.sales union all select id from lake.users order by 2 limit 1", "LQ001"],
    ["select q.m from (select amount as m, id from lake.sales order by id limit 1) q", "LQ001"],
    ["select distinct on (kind) kind, id from lake.sales order by kind", "LQ002"],
    ["select id, row_number() over (partition by kind order by day) as n from lake.sales", "LQ003"],
    ["select id, lag(amount) over (order by id) as l from lake.sales", "LQ003"],
    ["select id, sum(amount) over (order by day rows 2 preceding) as s from lake.sales", "LQ003"],
    ["select id, row_number() over w as n from lake.sales window w as (order by day)", "LQ003"],
    ["select id, array_agg(label) over (partition by kind order by day) as l from lake.sales", "LQ003"],
    ["select string_agg(label, ',') as l from lake.sales", "LQ004"],
    ["select string_agg(label, ',' order by id) as l from lake.sales", "LQ004"],
    ["select json_agg(s) as l from lake.sales s", "LQ004"],
    ["select any_value(label) as l from lake.sales", "LQ004"],
    ["select jsonb_object_agg(kind, id) as l from lake.sales", "LQ004"],
    ["select array(select id from lake.sales) as l", "LQ005"],
    ["select id from lake.sales tablesample system (10)", "LQ006"],
  ])("%s: %s", (sql, wanted) => {
    expect(code(sql)).toBe(wanted);
  });
});

describe("is none", () => {
  test.each([
    "select id from lake.sales order by id limit 3",
    "select id, amount from lake.sales order by amount desc, id limit 3",
    "select id, lower(label) as l from lake.sales order by id, label limit 3",
    "select kind, count(*) as n from lake.sales group by kind order by count(*) desc, kind limit 3",
    "select id, amount from lake.sales order by amount fetch first 3 rows with ties",
    "select max(amount) as m from lake.sales limit 1",
    "select id, 1 as one from lake.sales order by id limit 1",
    "select id from lake.sales union all select id from lake.users order by id limit 1",
    "select exists (select 1 from lake.sales limit 1) as e",
    "select distinct on (kind) kind, id from lake.sales order by kind, id",
    "select id, rank() over (order by day) as r, sum(amount) over (order by day) as s from lake.sales",
    "select id, day, row_number() over (partition by kind order by day, id) as n from lake.sales",
    "select kind, row_number() over (order by count(*) desc, kind) as n from lake.sales group by kind",
    "select string_agg(label, ',' order by label) as l, array_agg(distinct id) as i from lake.sales",
    "select string_agg(lower(label), ',' order by label) as l from lake.sales",
    "select mode() within group (order by kind) as m, percentile_disc(0.5) within group (order by amount) as p from lake.sales",
    "select array(select id from lake.sales order by id) as l",
    "select id from lake.sales order by amount",
    "select min(amount) as low, bool_and(amount > 1) as b, count(distinct kind) as k from lake.sales",
  ])("%s", (sql) => {
    expect(code(sql)).toBe("ok");
  });
});
