// What the engine's own SQLSTATEs mean and what to do then: docs/reference/errors.md is made from this table.
// What a code means for a rewind, terminal or to be tried again, says operator/database/sqlstate.ts; a test there wants an answer for each.
import type { SQL_STATE } from "./errors.ts";

type OwnState = Extract<(typeof SQL_STATE)[keyof typeof SQL_STATE], `LT${string}`>;

export const LAKE_STATES: Readonly<Record<OwnState, { readonly means: string; readonly wayOut: string }>> = {
  LT001: {
    means: "A query of an engine relation lacks a pseudo column, or gives it in a way that cannot be used.",
    wayOut: "Give it by `=` with a constant or a parameter, as the hint says. Only the extension asks such queries.",
  },
  LT002: {
    means: "What the extension sent is not a query that the engine can run.",
    wayOut: "Run extension and engine of one version. If they are, report it.",
  },
  LT003: {
    means:
      "The query uses something that DuckDB may answer otherwise than PostgreSQL. DETAIL has the code of the reason.",
    wayOut: "Write it as the hint says, or let PostgreSQL compute it over the rows.",
  },
  LT004: {
    means: "The snapshot has expired, or does not exist yet.",
    wayOut: "Take one that `ducklake.ducklake_snapshot` has.",
  },
  LT005: {
    means: "The statement is not supported for lake tables, or its rows cannot be told apart.",
    wayOut: "Write it as the hint says.",
  },
  LT006: {
    means: "The repair is in the lake already.",
    wayOut: "None needed: it is not made twice, and the rewind goes on.",
  },
  LT007: { means: "There is no such lake table.", wayOut: "Take a table, or a snapshot, at which it is there." },
  LT008: {
    means: "The S3 storage refuses or does not answer.",
    wayOut: "The hint says who mends it: the keys, the bucket, or the network.",
  },
  LT009: {
    means: "DuckDB has died of this query twice within a minute. It is refused for ten minutes; all others go on.",
    wayOut: "Change the query, or give the engine more memory. Report the query.",
  },
  LT010: {
    means: "A read ended early, and the reason is not known. None of its rows were used.",
    wayOut: "Try again. The engine's log has more.",
  },
  LT011: {
    means: "What was read is not what the lake's catalog says.",
    wayOut: "It is recomputed by itself. If it stays: `select * from pgtrickle.inspect_lake()`.",
  },
  LT012: {
    means: "A data file of the lake is lost: something other than the lake has removed it.",
    wayOut: "Restore it from a backup. Snapshots that do not need it, and strategy `Journal`, still work.",
  },
  LT013: {
    means: "The lake's catalog is of another DuckLake version than the engine knows. Nothing is read or committed.",
    wayOut:
      "Install a pg_trickle that knows it, or restore database and files from a backup. All goes on by itself then.",
  },
  LT014: {
    means: "A query that PostgreSQL runs needs more rows of a lake table than the limit allows.",
    wayOut: "Filter or group in the query, so that fewer rows are needed, or raise the setting `leaf_rows_limit`.",
  },
};
