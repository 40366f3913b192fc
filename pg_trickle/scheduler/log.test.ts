import { expect, test } from "vitest";
import { errorFields } from "./log.ts";

test("an error of the server is logged without the client that pg hangs on it, and without a stack", () => {
  const error = Object.assign(new Error("terminating connection"), { code: "57P01", hint: "Wait.", client: {} });
  expect(errorFields(error)).toEqual({ message: "terminating connection", code: "57P01", hint: "Wait." });
});

test("a refused connection to several addresses is told by the first one", () => {
  const refused = new AggregateError([new Error("connect ECONNREFUSED ::1:5432"), new Error("other")]);
  expect(errorFields(Object.assign(refused, { code: "ECONNREFUSED" }))).toMatchObject({
    message: "connect ECONNREFUSED ::1:5432",
    code: "ECONNREFUSED",
  });
});

test("an error that nobody expected keeps its stack", () => {
  expect(errorFields(new TypeError("x is not a function"))).toMatchObject({
    stack: expect.stringContaining("log.test"),
  });
});
