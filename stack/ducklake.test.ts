import { expect, test } from "vitest";
import { attachText, conninfo } from "./ducklake.ts";

const catalog = { host: "127.0.0.1", port: 5432, database: "timetravel_demo", user: "postgres", password: "postgres" };

test("the text loads both extensions by path and attaches the lake read-only", () => {
  const text = attachText({ catalog, dataPath: "/run/data", extensions: "/cache/duckdb", readOnly: true });
  expect(text).toBe(
    "load '/cache/duckdb/postgres_scanner.duckdb_extension'; load '/cache/duckdb/ducklake.duckdb_extension'; " +
      "set disabled_optimizers = 'statistics_propagation'; " +
      "attach 'ducklake:postgres:host=127.0.0.1 port=5432 dbname=timetravel_demo user=postgres password=postgres' " +
      "as lake (data_path '/run/data', metadata_schema 'ducklake', read_only);",
  );
});

test("a quote in a path cannot end the literal", () => {
  const text = attachText({ catalog, dataPath: "/it's/data", extensions: "/x", readOnly: false });
  expect(text).toContain("(data_path '/it''s/data', metadata_schema 'ducklake');");
});

test("a password with any character survives libpq's quoting", () => {
  expect(conninfo({ ...catalog, password: "a b'c\\d" })).toContain("password='a b\\'c\\\\d'");
  expect(conninfo({ ...catalog, password: "" })).toContain("password=''");
});
