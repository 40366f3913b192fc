import { expect, test } from "vitest";
import { retryDelayMs } from "./call-retries.ts";
import { ApiError, CallAbortedError, CallTimeoutError, TransportError } from "./errors.ts";

function api(status: number, retryAfterMs?: number): ApiError {
  return new ApiError({ verb: "GET", path: "/x", status, reason: "R", message: "m", retryAfterMs });
}

const unsent = new TransportError("refused", { sent: false });
const lost = new TransportError("reset", { sent: true });
const timeout = new CallTimeoutError("slow");
const NONE = undefined;
const SOON = 100;

test.each<[string, Error, number | undefined, number | undefined]>([
  ["connection refused", unsent, SOON, SOON],
  ["answer lost", lost, SOON, NONE],
  ["no answer in time", timeout, SOON, NONE],
  ["429", api(429), SOON, SOON],
  ["429 with Retry-After", api(429, 2000), 2000 + SOON, 2000 + SOON],
  ["429 with more patience than ours", api(429, 60_000), NONE, NONE],
  ["503", api(503), SOON, NONE],
  ["503 with Retry-After", api(503, 1000), 1000 + SOON, 1000 + SOON],
  ["404", api(404), NONE, NONE],
  ["409", api(409), NONE, NONE],
  ["422", api(422), NONE, NONE],
  ["the caller's abort", new CallAbortedError("bye"), NONE, NONE],
])("%s", (_case, error, wantForRead, wantForWrite) => {
  const half = () => 0.5;
  expect(retryDelayMs(true, error, 1, half)).toBe(wantForRead);
  expect(retryDelayMs(false, error, 1, half)).toBe(wantForWrite);
});

test("four attempts are all", () => {
  expect([1, 2, 3, 4].map((attempt) => retryDelayMs(true, api(503), attempt, () => 0.5))).toEqual([
    100,
    200,
    400,
    NONE,
  ]);
});
