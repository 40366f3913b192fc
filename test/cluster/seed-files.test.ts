import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), "utf8");
const statements = (sql: string) => sql.replace(/^--.*$/gm, "").match(/^(?:create|grant)[^;]*/gm) ?? [];

// Helm reads only what lies in the chart's folder, so these are copies.
test.each([
  ["lake.sql", "lake.sql"],
  ["database.sql", "seed/10-stream-table.sql"],
])("the chart has the example's %s", (example, copy) => {
  expect(read(`helm/streamtable-rewind/files/pg-trickle/${copy}`)).toBe(read(`examples/timetravel/${example}`));
});

test("the chart grants what the example grants", () => {
  const onTables = statements(read("examples/timetravel/roles.sql")).filter((one) => one.includes(" on "));
  expect(statements(read("helm/streamtable-rewind/files/pg-trickle/seed/20-grants.sql"))).toEqual(onTables);
});
