import { describe, expect, test } from "vitest";
import { readImport } from "./import-schema.ts";

// What postgres_fdw of PostgreSQL 18 sends, to the letter.
const COLLATION = {
  with: "  collname,   collnsp.nspname ",
  without: "  NULL, NULL ",
} as const;
const JOINS =
  "  LEFT JOIN pg_collation coll ON     coll.oid = attcollation   LEFT JOIN pg_namespace collnsp ON     collnsp.oid = collnamespace ";

function tables(end: string, collation: "with" | "without" = "with"): string {
  return (
    "SELECT relname,   attname,   format_type(atttypid, atttypmod),   attnotnull,   pg_get_expr(adbin, adrelid),   attgenerated, " +
    `${COLLATION[collation]}FROM pg_class c   JOIN pg_namespace n ON     relnamespace = n.oid   LEFT JOIN pg_attribute a ON     attrelid = c.oid AND attnum > 0       AND NOT attisdropped   LEFT JOIN pg_attrdef ad ON     adrelid = c.oid AND adnum = attnum ` +
    `${collation === "with" ? JOINS : ""}WHERE c.relkind IN ('r','v','f','m','p')   AND n.nspname = ${end} ORDER BY c.relname, a.attnum`
  );
}

const found = (sql: string) => {
  const query = readImport(sql);
  return query?.kind === "tables" ? [query.schema, query.isExcept, query.names] : query;
};

describe("a statement of IMPORT FOREIGN SCHEMA", () => {
  test.each([
    ["main", "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = 'main'"],
    ["o'x\\y", "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname =  E'o''x\\\\y'"],
  ])("asks whether schema %s exists", (schema, sql) => {
    expect(readImport(sql)).toEqual({ kind: "schema", schema });
  });

  test.each([
    ["all tables", tables("'main' AND NOT c.relispartition "), ["main", false, null]],
    ["all, without collations", tables("'main' AND NOT c.relispartition ", "without"), ["main", false, null]],
    ["LIMIT TO", tables("'main' AND c.relname IN ('a', 'B c')"), ["main", false, ["a", "B c"]]],
    ["EXCEPT", tables("'main' AND NOT c.relispartition  AND c.relname NOT IN ('a')"), ["main", true, ["a"]]],
    [
      "names with quotes",
      tables(`'main' AND c.relname IN ('it''s', E'\\\\''b', '"')`),
      ["main", false, ["it's", "\\'b", '"']],
    ],
    [
      "a name that looks like SQL",
      tables("'main' AND c.relname IN (') ORDER BY c.relname, a.attnum')"),
      ["main", false, [") ORDER BY c.relname, a.attnum"]],
    ],
  ])("asks for %s", (_, sql, want) => {
    expect(found(sql)).toEqual(want);
  });

  test.each([
    "SELECT nspname FROM pg_catalog.pg_namespace",
    "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = 'main' OR true",
    "SELECT relname FROM pg_class c",
    `${tables("'main'")} LIMIT 1`,
    tables("'main' OR true"),
    tables("'main' AND c.relname IN ()"),
    "select * from main.pg_class",
  ])("is nothing else: %s", (sql) => {
    expect(readImport(sql)).toBeNull();
  });
});
