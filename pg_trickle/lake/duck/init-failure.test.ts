import { expect, test } from "vitest";
import { explainInitFailure } from "./init-failure.ts";

const sql = "create secret s (type s3, secret 'hush' nonsense);\ncrate table x;";

test("a mistake is shown where it is", () => {
  const message = 'Parser Error: syntax error at or near "crate"\n\nLINE 2: crate table x;\n        ^';
  expect(explainInitFailure(message, sql)).toBe(message);
  expect(explainInitFailure("Catalog Error: no such table", sql)).toBe("Catalog Error: no such table");
});

test("a line that holds a key is not", () => {
  const message = `Parser Error: syntax error at or near "nonsense"\n\nLINE 1: ... secret 'hush' nonsense);\n     ^`;
  expect(explainInitFailure(message, sql)).toMatch(/mistake on line 1, which is not shown/);
  expect(explainInitFailure(message, sql)).not.toContain("hush");
});

test("keys that nobody gives are told with the way out", () => {
  const message = "Invalid Configuration Error: Secret Validation Failure: during `create` using the following:\nx";
  expect(explainInitFailure(message, sql)).toMatch(/pgTrickle\.serviceAccountName.*credentials: Secret/);
});
