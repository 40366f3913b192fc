import { expect, test } from "vitest";
import { orderSources } from "./source-order.ts";

const MODULES = [
  { name: "tables", files: ["zeta", "alpha"] },
  { name: "calls", files: ["calls"] },
];

test("files come in the order of the list, whatever their names", () => {
  expect(orderSources(MODULES, ["calls/calls.sql", "tables/alpha.sql", "tables/zeta.sql"])).toEqual([
    "tables/zeta.sql",
    "tables/alpha.sql",
    "calls/calls.sql",
  ]);
});

test("a file that is not listed is named, with where to list it", () => {
  const found = ["calls/calls.sql", "calls/new.sql", "tables/alpha.sql", "tables/zeta.sql"];
  expect(() => orderSources(MODULES, found)).toThrow(
    "pg_trickle/extension/sql/calls/new.sql: not installed by anything; list it in pg_trickle/extension/modules.ts, after what it needs when it is created",
  );
});

test("a file that is listed and not there is named", () => {
  expect(() => orderSources(MODULES, ["calls/calls.sql", "tables/zeta.sql"])).toThrow(
    "pg_trickle/extension/modules.ts lists tables/alpha.sql, and there is no such file below pg_trickle/extension/sql",
  );
});

test("a file that is listed twice is named", () => {
  expect(() =>
    orderSources([...MODULES, ...MODULES], ["calls/calls.sql", "tables/alpha.sql", "tables/zeta.sql"]),
  ).toThrow("pg_trickle/extension/modules.ts lists tables/zeta.sql twice; it can be installed once");
});
