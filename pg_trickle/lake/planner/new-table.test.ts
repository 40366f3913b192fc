import { describe, expect, test } from "vitest";
import { readNewTable } from "./new-table.ts";

const definition = (parts: object) =>
  JSON.stringify({ table: "main.t", columns: [{ name: "a", type: "integer" }], author: "alice", ...parts });

describe("the definition of a new lake table", () => {
  test("becomes one statement with quoted names and types of a list", () => {
    const columns = [
      { name: "id", type: "bigint", not_null: true },
      { name: 'x" varchar); drop table "t', type: "numeric(12,2)" },
      { name: "At", type: "timestamp with time zone[]" },
    ];
    expect(readNewTable(definition({ table: 'main.My "t"', columns, application_name: "psql" }))).toEqual({
      ok: true,
      table: 'main.My "t"',
      sql: `create table if not exists lake."main"."My ""t""" ("id" BIGINT not null, "x"" varchar); drop table ""t" DECIMAL(12,2), "At" TIMESTAMP WITH TIME ZONE[])`,
      author: "alice",
      applicationName: "psql",
    });
  });

  test.each([
    ["not JSON", "{", "LT002", /^the definition is not JSON$/],
    ["no columns", definition({ columns: [] }), "LT002", /^the definition is wrong: columns /],
    ["no author", definition({ author: undefined }), "LT002", /^the definition is wrong: author /],
    ["something more", definition({ if: 1 }), "LT002", /^the definition is wrong: .*"if"/],
    ["another schema", definition({ table: "other.t" }), "LT005", /^schema "other" of the lake is not served$/],
    ["a table at a snapshot", definition({ table: "main.t@4" }), "LT005", /^a lake table cannot be called "t@4"$/],
    [
      "a type that is text of SQL",
      definition({ columns: [{ name: "a", type: "integer); drop table t; --" }] }),
      "LT005",
      /^column "a" is integer\); drop table t; --, which a lake table cannot have$/,
    ],
    [
      "a number without digits",
      definition({ columns: [{ name: "a", type: "numeric[]" }] }),
      "LT005",
      /^column "a" is numeric\[\], which/,
    ],
  ])("is refused: %s", (_, text, sqlState, message) => {
    expect(readNewTable(text)).toMatchObject({ ok: false, sqlState, message: expect.stringMatching(message) });
  });
});
