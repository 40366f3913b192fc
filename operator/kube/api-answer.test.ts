import { expect, test } from "vitest";
import { errorOf, parseObject, parseRetryAfterMs } from "./api-answer.ts";
import { isConflict, isForbidden, isGone, isInvalid, isNotFound, isTooManyRequests, isTransient } from "./errors.ts";

const NOW = new Date("2026-11-22T12:00:00Z");

function answer(status: number, body: string, headers = {}) {
  return errorOf({ verb: "GET", path: "/api/v1/x?limit=5", status, headers, body }, NOW);
}

test.each([
  ["seconds", "3", 3000],
  ["a date", "Sun, 22 Nov 2026 12:00:07 GMT", 7000],
  ["a date in the past", "Sun, 22 Nov 2026 11:00:00 GMT", undefined],
  ["nonsense", "soon", undefined],
  ["nothing", undefined, undefined],
])("Retry-After with %s", (_case, header, want) => {
  expect(parseRetryAfterMs(header, NOW)).toBe(want);
});

test("a Status object gives reason and message, and details.retryAfterSeconds where there is no header", () => {
  const body = JSON.stringify({
    reason: "Timeout",
    message: "Too large resource version",
    details: { retryAfterSeconds: 1 },
  });
  const error = answer(504, body);
  expect(error).toMatchObject({ status: 504, reason: "Timeout", retryAfterMs: 1000 });
  expect(error.message).toBe("GET /api/v1/x: 504 Timeout: Too large resource version");
});

test("the page of some proxy in between is quoted, not parsed", () => {
  expect(answer(502, "<html>Bad Gateway</html>")).toMatchObject({ reason: "Unknown" });
  expect(answer(502, "<html>Bad Gateway</html>").message).toContain("Bad Gateway");
});

test("only objects are answers", () => {
  expect(["null", "3", "{", ""].map(parseObject)).toEqual([undefined, undefined, undefined, undefined]);
});

test("each status belongs to its predicate and to no other", () => {
  const predicates = { isNotFound, isConflict, isGone, isForbidden, isInvalid, isTooManyRequests, isTransient };
  const matching = (status: number) =>
    Object.entries(predicates).flatMap(([name, is]) => (is(answer(status, "{}")) ? [name] : []));
  expect(matching(404)).toEqual(["isNotFound"]);
  expect(matching(409)).toEqual(["isConflict"]);
  expect(matching(410)).toEqual(["isGone"]);
  expect(matching(403)).toEqual(["isForbidden"]);
  expect(matching(422)).toEqual(["isInvalid"]);
  expect(matching(429)).toEqual(["isTooManyRequests", "isTransient"]);
  expect(matching(503)).toEqual(["isTransient"]);
});
