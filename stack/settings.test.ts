import { expect, test } from "vitest";
import { portTakenMessage, readSettings, SettingsError } from "./settings.ts";

test("without any setting the seed's defaults hold", () => {
  expect(readSettings({}, "")).toEqual({ postgresPort: 5432, batchSize: 50, intervalMs: 2000 });
});

test("the file .env is read, with comments, quotes and export", () => {
  const file = "# mine\nBATCH_SIZE=100\nexport INTERVAL_MS='1000'\nPOSTGRES_PORT=\"5433\"\n";
  expect(readSettings({}, file)).toEqual({ postgresPort: 5433, batchSize: 100, intervalMs: 1000 });
});

test("the environment wins over the file, an empty value counts as none", () => {
  const settings = readSettings({ BATCH_SIZE: "7", INTERVAL_MS: "" }, "BATCH_SIZE=100\nINTERVAL_MS=1000");
  expect(settings).toMatchObject({ batchSize: 7, intervalMs: 1000 });
});

test("every wrong value is listed at once", () => {
  const read = () => readSettings({ POSTGRES_PORT: "70000", BATCH_SIZE: "1e3", INTERVAL_MS: "-1" }, "");
  expect(read).toThrow(SettingsError);
  expect(read).toThrow(/POSTGRES_PORT=70000 .* 1 to 65535\nBATCH_SIZE=1e3 .*\nINTERVAL_MS=-1 /);
});

test("a wrong value is told with where it comes from", () => {
  expect(() => readSettings({ BATCH_SIZE: "abc" }, "BATCH_SIZE=1")).toThrow(
    "BATCH_SIZE=abc (from the environment): must",
  );
  expect(() => readSettings({}, "BATCH_SIZE=abc")).toThrow("BATCH_SIZE=abc (from .env): must");
});

test("a taken port is named with the way out", () => {
  expect(portTakenMessage(5432, { kind: "unknown" })).toMatch(
    /^Port 5432 .* another program, .*POSTGRES_PORT=5433 make up/,
  );
});

test("a port taken by a stack of this project is said to be so", () => {
  const message = portTakenMessage(5432, { kind: "own stack", folder: "/home/me/other/.run" });
  expect(message).toContain("a stack of this project, with its data in /home/me/other/.run");
  expect(message).toContain("make down");
});
