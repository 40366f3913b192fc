import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { explanations } from "../../operator/api/reasons.ts";
import { LakeState, TrickleState } from "../../operator/database/sqlstate.ts";
import { REFUSED_QUERIES, TRICKLE_STATES } from "../../pg_trickle/extension/sqlstates.ts";
import { SQL_STATE } from "../../pg_trickle/lake/errors.ts";
import { CHANCE, GATE, NOT_INCREMENTAL, REFUSED } from "../../pg_trickle/lake/planner/refusal.ts";
import { LAKE_STATES } from "../../pg_trickle/lake/sqlstates.ts";
import { errorsPage } from "./errors-page.ts";

const folder = new URL("../../pg_trickle/extension/sql/", import.meta.url);
const sql = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".sql"))
  .map((name) => readFileSync(new URL(name, folder), "utf8"))
  .join("\n");

const found = (pattern: RegExp) => [...new Set([...sql.matchAll(pattern)].map(([, code = ""]) => code))].sort();

test("each SQLSTATE that the extension raises is explained, and no other", () => {
  // TR999 is caught where it is raised: it rolls a reading subtransaction back.
  const raised = found(/errcode = '(TR\d{3})'/g).filter((code) => code !== "TR999");
  expect(Object.keys(TRICKLE_STATES)).toEqual(raised);
});

test("each reason in words that the extension gives for a refused query is explained, and no other", () => {
  expect(Object.keys(REFUSED_QUERIES)).toEqual(
    found(/errcode = 'TR009',\s*detail = (?:coalesce\([^']*'[^']*', )?'([A-Z_]+)'/g),
  );
});

test("codes that the operator, the engine and its planner name are explained", () => {
  const states = { ...TRICKLE_STATES, ...LAKE_STATES };
  for (const code of Object.values({ ...TrickleState, ...LakeState })) expect(states).toHaveProperty(code);
  expect(Object.keys(LAKE_STATES)).toEqual(Object.values(SQL_STATE).filter((code) => code.startsWith("LT")));
  expect(Object.keys(REFUSED)).toEqual([
    ...Object.values(GATE),
    ...Object.values(NOT_INCREMENTAL),
    ...Object.values(CHANCE),
  ]);
});

test("every explanation is a sentence", () => {
  const all = Object.entries({ ...explanations, ...TRICKLE_STATES, ...LAKE_STATES });
  const texts = all.flatMap(([name, { means, wayOut }]) => [means, wayOut].map((text) => `${name}: ${text}`));
  expect(texts.filter((text) => !/: $|[.?]$/.test(text))).toEqual([]);
  expect(all.filter(([, { means }]) => means === "")).toEqual([]);
});

test("the page has them all, as code", () => {
  const page = errorsPage();
  const names = [explanations, TRICKLE_STATES, LAKE_STATES, REFUSED, REFUSED_QUERIES].flatMap(Object.keys);
  expect(names.filter((name) => !page.includes(`\n| \`${name}\` | `))).toEqual([]);
});
