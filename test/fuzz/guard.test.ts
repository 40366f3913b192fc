import { describe, expect, test } from "vitest";
import { heardIn, nameOf, refusalsOf } from "./guard.ts";

const definition = `begin
  if a then
    perform pgtrickle_guard.refuse(
      format('file %s of table %s is gone (since %s)', x, y, z),
      'Run it again.');
  end if;
  perform pgtrickle_guard.refuse(format('table %s is not to be had', y), 'Run it again.');
end`;
const declared = [...refusalsOf("check_one", definition), ...refusalsOf("check_other", definition)];

describe("what the guard can say", () => {
  test("is read from its functions", () => {
    expect(refusalsOf("check_one", definition).map(nameOf)).toEqual([
      "check_one, file … of table … is gone (since …)",
      "check_one, table … is not to be had",
    ]);
    expect(refusalsOf("attach", "begin perform pgtrickle_guard.note('flushing', '{}'); end")).toEqual([]);
  });

  test.each([
    "perform pgtrickle_guard.refuse('no', 'Run it again.');",
    "perform pgtrickle_guard.refuse(v_text, 'Run it again.');",
    "RAISE  exception 'no' using errcode = 'TR040';",
  ])("must not be written so that it would be missed: %s", (line) => {
    expect(() => refusalsOf("check_new", `begin ${line} end`)).toThrow(
      "a refusal of pgtrickle_guard.check_new is not written as refuse(format('…', …), …)",
    );
  });

  test("is heard in a message, with the table that it names", () => {
    const message = "ERROR:  pgtrickle guard: file 3 of table 12 is gone (since 4)\nHINT:  Run it again.";
    expect(heardIn(declared, message)).toMatchObject({ refusal: { by: "check_one" }, tableId: 12 });
    expect(heardIn(declared, "Transaction conflict on table 12")).toBeUndefined();
  });

  test("is told from the same words of another function by the function's name", () => {
    const message =
      "table 5 is not to be had\nCONTEXT: PL/pgSQL function pgtrickle_guard.check_other() line 3 at PERFORM";
    expect(heardIn(declared, message)).toMatchObject({ refusal: { by: "check_other" }, tableId: 5 });
  });
});
