// Queries whose parts the engine may run, and that it does not run as a whole.
import { describe, expect, test } from "vitest";
import { shapeOf } from "./shape.ts";

const columns = {
  tables: new Map(),
  floats: new Set(["score"]),
  scales: new Map([
    ["amount", 2],
    ["price", 2],
    ["quantity", 0],
    ["whole", 0],
  ]),
};
const doubt = (sql: string) => shapeOf(sql, columns).doubt;

describe("doubted", () => {
  test.each([
    ["select at + interval '1 month' as a, at + interval '30 days' as b from lake.sales", /intervals/],
    ["select coalesce(amount, 0) as a from lake.sales", /digits/],
    ["select sum(case when quantity > 1 then amount else 0 end) as s from lake.sales", /digits/],
    ["select greatest(amount, quantity) as g from lake.sales", /digits/],
    ["select coalesce(amount * 2, amount) as a from lake.sales", /digits/],
    ["select case when quantity = 1 then 1.5 else 2 end as c from lake.sales", /digits/],
    ["select sum(score) as s from lake.sales", /floats/],
  ])("%s", (sql, what) => {
    expect(doubt(sql)).toMatch(what);
  });
});

describe("not doubted", () => {
  test.each([
    "select at + interval '1 month' as a, at - interval '1 month' as b from lake.sales",
    "select coalesce(amount, price) as a, coalesce(quantity, 0) as q from lake.sales",
    "select sum(case when quantity > 1 then amount else null::numeric end) as s, sum(case when quantity > 1 then 1 else 0 end) as n from lake.sales",
    "select coalesce(amount, 0.00) as a, coalesce(kind, 'none') as k from lake.sales",
  ])("%s", (sql) => {
    expect(doubt(sql)).toBe(null);
  });
});
