import { expect, test } from "vitest";
import { readVersionMismatch } from "./catalog-version.ts";

const refusal = (found: string) =>
  new Error(
    `Invalid Input Error: DuckLake catalog version mismatch: catalog version is ${found}, but the extension requires version 1.0. To automatically migrate, set AUTOMATIC_MIGRATION to TRUE when attaching.`,
  );

test.each([
  [
    "1.1",
    /has DuckLake version 1\.1, and the lake engine knows 1\.0\. A newer client .* Install a pg_trickle that knows 1\.1/,
  ],
  ["1.10", /version 1\.10, .* A newer client/],
  ["2.0-dev1", /version 2\.0-dev1, .* A newer client/],
  ["0.3", /version 0\.3, .* After a backup, attach it once .* AUTOMATIC_MIGRATION/],
])("a catalog of DuckLake %s is refused with the way out", (found, message) => {
  expect(readVersionMismatch(refusal(found))?.message).toMatch(message);
});

test("another failure to attach is told as it is", () => {
  expect(readVersionMismatch(new Error("IO Error: Unable to connect to Postgres"))).toBeNull();
});
