import { expect, test } from "vitest";
import { readVersion, stamp } from "./version.ts";

test("the version of package.json is written where a pattern finds one, and nothing else changes", () => {
  const text = "apiVersion: v2\nversion: 0.1.0\nappVersion: 0.1.0-rc.1\nkubeVersion: 1.30.0\n";
  expect(stamp(text, [/^((?:version|appVersion): )(\S+)($)/gm], "9.8.7")).toBe(
    "apiVersion: v2\nversion: 9.8.7\nappVersion: 9.8.7\nkubeVersion: 1.30.0\n",
  );
});

test("a file in which no place is found is an error, not a release with two versions", () => {
  expect(() => stamp("name: x\n", [/^(version: )(\S+)($)/gm], "9.8.7")).toThrow("nothing there is like /^(version: )");
});

test("package.json has it", async () => {
  expect(await readVersion()).toMatch(/^\d+\.\d+\.\d+/);
});
