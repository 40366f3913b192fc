// The definition of a lake table that is to be made: JSON text of the extension, checked here, and the statement for it. Only names and
// types get into the statement: the ones quoted, the others from a fixed list.
import { z } from "zod";
import { duckdbType } from "./catalog-types.ts";
import { lakeName, quoteIdentifier } from "./quoting.ts";
import { badPlan, notSupported, refusable } from "./refusal.ts";
import { splitTable } from "./relations.ts";
import { LAKE_SCHEMA, PINNED } from "./shipped-select.ts";
import type { Refusal } from "./types.ts";

export interface NewTable {
  readonly ok: true;
  /** `main.orders`. */
  readonly table: string;
  /** Nothing happens if there is one of that name. */
  readonly sql: string;
  /** Who asks, as PostgreSQL knows him: the role that logged in, and its application_name. */
  readonly author: string;
  readonly applicationName: string;
}

const SCHEMA = z.strictObject({
  table: z.string().min(1),
  columns: z
    .array(z.strictObject({ name: z.string().min(1), type: z.string().min(1), not_null: z.boolean().default(false) }))
    .min(1),
  author: z.string().min(1),
  application_name: z.string().default(""),
});

type Columns = z.infer<typeof SCHEMA>["columns"];

export function readNewTable(definitionText: string): NewTable | Refusal {
  return refusable(() => newTable(definitionText));
}

function newTable(definitionText: string): NewTable {
  const checked = SCHEMA.safeParse(parseJson(definitionText));
  if (!checked.success) {
    return badPlan(
      `the definition is wrong: ${checked.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`).join("; ")}`,
    );
  }
  const { table, columns, author, application_name: applicationName } = checked.data;
  requireUsableName(table);
  requireDistinct(columns);
  const list = columns.map(
    ({ name, type, not_null: isNotNull }) =>
      `${quoteIdentifier(name)} ${duckdbType(name, type)}${isNotNull ? " not null" : ""}`,
  );
  const sql = `create table if not exists ${lakeName(table)} (${list.join(", ")})`;
  return { ok: true, table, sql, author, applicationName };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return badPlan("the definition is not JSON");
  }
}

function requireUsableName(table: string): void {
  const { schema, name } = splitTable(table);
  if (schema !== LAKE_SCHEMA)
    notSupported(`schema "${schema}" of the lake is not served`, "only tables of schema main are");
  if (PINNED.test(name)) {
    notSupported(
      `a lake table cannot be called "${name}"`,
      "that is how the table before the @ is read at a snapshot; choose another name",
    );
  }
}

/** DuckDB does not tell letters by their case. */
function requireDistinct(columns: Columns): void {
  const seen = new Map<string, string>();
  for (const { name } of columns) {
    const before = seen.get(name.toLowerCase());
    if (before !== undefined) {
      notSupported(
        `columns "${before}" and "${name}" are one in a lake, which does not tell small letters from capital ones`,
        "give one of them another name",
      );
    }
    seen.set(name.toLowerCase(), name);
  }
  if (seen.has("rowid"))
    notSupported(
      `a lake table cannot have a column "rowid"`,
      "the lake numbers its rows by that name; choose another one",
    );
}
