import { expect, test } from "vitest";
import { isOlder } from "./versions.ts";

test.each([
  ["9", "10", true],
  ["10", "9", false],
  ["10", "10", false],
  ["18446744073709551614", "18446744073709551615", true],
  ["opaque", "10", false],
  ["10", "opaque", false],
])("%s is older than %s: %s", (left, right, want) => {
  expect(isOlder(left, right)).toBe(want);
});
