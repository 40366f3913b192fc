// docs/queries.md: what the query of a stream table may be, from the table that a test runs. Pure.
import { LAKE_TABLES, SECTIONS } from "../../pg_trickle/extension/query-shapes.ts";
import { code, page, table } from "./markdown.ts";

const KEPT: Readonly<Record<string, string>> = {
  state: "by its groups",
  rows: "row by row",
  keyed: "part by part",
  recompute: "recomputed",
};

export function queriesPage(): string {
  return page("Queries", "pg_trickle/extension/query-shapes.ts", [
    "What the query of a stream table may be, and what a refresh of it costs. Every query of this page is run by a test: through inserts, updates and deletions, a rewind by each strategy and the replay, its rows are those that PostgreSQL itself gives.",
    "Every query that PostgreSQL can run over lake tables is allowed, except those that have [no answer at a snapshot](#refused). If the lake engine is known to give the same answer as PostgreSQL, the engine computes the query. If not, the engine reads the rows, and PostgreSQL computes. `select * from pgtrickle.explain('my_table')` says which, and how a refresh would go about it.",
    "- **Mode** `AUTO`, the default, keeps the table by changes where it can, else it is recomputed at each refresh, and a NOTICE says why. `DIFFERENTIAL` refuses such a query; `FULL` always recomputes.\n- **Limits** of a query that PostgreSQL runs: `leaf_rows_limit` rows of each lake table (10 million), `query_temp_file_mb` of temporary files (8 GB); in `pgtrickle_internal.settings`.\n- **Settings** that an answer depends on are fixed: the time zone to that of the session that creates the table; dates, intervals and floats are printed in PostgreSQL's ISO forms, `lc_time` and its kin are `C`.\n- **Sums of floats** depend on the order of rows; they are recomputed from rows in a fixed order. Columns of lists, structs and maps make a query recomputed.\n- A text that says `now` or `today`, cast to a date or time, is read when the query runs: keep such words out of the data.",
    `The examples are over these tables: ${Object.entries(LAKE_TABLES)
      .map(([name, columns]) =>
        code(`lake.${name} (${columns.map(([column, , type]) => `${column} ${type}`).join(", ")})`),
      )
      .join(", ")}.`,
    ...SECTIONS.flatMap(({ title, says, shapes }) => [
      `## ${title}`,
      says,
      table(
        ["query", title === "Refused" ? "refused as" : "kept"],
        shapes.map(([query, kept]) => [code(query), KEPT[kept] ?? code(kept)]),
      ),
    ]),
  ]);
}
