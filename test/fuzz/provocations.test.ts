import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { nameOf, type Refusal, refusalsOf } from "./guard.ts";
import { causesOf, isProvokedBy, PROVOCATIONS } from "./provocations.ts";

const GUARD = new URL("../../pg_trickle/extension/sql/guard/", import.meta.url);

/** As they stand in the sources of the extension. */
function declared(): Refusal[] {
  const sources = readdirSync(GUARD).map((name) => readFileSync(new URL(name, GUARD), "utf8"));
  const functions = sources.flatMap((source) => source.split(/^create function (?=pgtrickle_guard\.)/m).slice(1));
  return functions.flatMap((text) => refusalsOf(/^pgtrickle_guard\.(\w+)/.exec(text)?.[1] ?? "?", text));
}

describe("the refusals of the guard", () => {
  test.each(declared().map((refusal) => [nameOf(refusal), refusal] as const))("are provoked: %s", (_, refusal) => {
    const by = Object.values(PROVOCATIONS).filter((provocation) => isProvokedBy(refusal, provocation));
    expect(by).not.toEqual([]);
  });

  test.each(Object.entries(PROVOCATIONS))("%s provokes one that there is", (_, provocation) => {
    expect(declared().filter((refusal) => isProvokedBy(refusal, provocation))).toHaveLength(1);
  });

  test("have a cause in what others do, but for what nobody may write at all", () => {
    const without = declared().filter((refusal) => causesOf(refusal).length === 0);
    expect(without.map(({ by }) => by)).toEqual(["check_changes"]);
    expect(causesOf({ by: "check_new", sentence: "no %s" })).toEqual([]);
  });
});
