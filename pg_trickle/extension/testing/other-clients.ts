// What other clients do to a lake table below stream tables, and what comes of it: the rows of docs/other-clients.md. `T` stands
// for the lake table; each statement is a commit of its own, after which every stream table over it is looked at.

export interface Mishap {
  readonly sql: string;
  /** What the status says, until the next statement. Null: no refresh comes before that one. */
  readonly error: RegExp | null;
}

export interface ClientCase {
  readonly client: "DuckDB" | "DuckDB in another role" | "DuckDB as a superuser";
  readonly operation: string;
  /** As on the page. */
  readonly happens: string;
  readonly statements: readonly (string | Mishap)[];
}

const FOLLOWED = "followed";
const RECOMPUTED = "recomputed";

const WRITES = [
  "insert into lake.T values ('a', 1, 1), ('c', 7, 1)",
  "update lake.T set v = v + 1 where k = 'a'",
  "delete from lake.T where k = 'c'",
  "insert into lake.T select 'b', i, 1 from range(50) r (i)",
  "delete from lake.T where v > 20 and k = 'b'",
  "merge into lake.T using (values ('a', 5), ('d', 6)) as s (k, v) on T.k = s.k when matched then update set v = s.v when not matched then insert values (s.k, s.v, 0)",
];

const flush = "call ducklake_flush_inlined_data('lake', table_name => 'T')";
const small = "insert into lake.T values ('a', 3, 3)";
const remove = "delete from lake.T where v = 3";

export const CASES: readonly ClientCase[] = [
  { client: "DuckDB", operation: "`INSERT`, `UPDATE`, `DELETE`, `MERGE`", happens: FOLLOWED, statements: WRITES },
  {
    client: "DuckDB in another role",
    operation: "`INSERT`, `UPDATE`, `DELETE`, `MERGE`",
    happens: FOLLOWED,
    statements: WRITES,
  },
  {
    client: "DuckDB as a superuser",
    operation: "`INSERT`, `UPDATE`, `DELETE`, `MERGE`",
    happens: FOLLOWED,
    statements: WRITES,
  },
  {
    client: "DuckDB",
    operation: "a column is added",
    happens: RECOMPUTED,
    statements: ["alter table lake.T add column x integer default 4", "insert into lake.T values ('a', 2, 2, 2)"],
  },
  {
    client: "DuckDB",
    operation: "a used column is widened",
    happens: RECOMPUTED,
    statements: ["alter table lake.T alter v set data type bigint", small, remove],
  },
  {
    client: "DuckDB",
    operation: "a column that no query uses is dropped",
    happens: RECOMPUTED,
    statements: ["alter table lake.T drop column w", "insert into lake.T values ('a', 3)"],
  },
  {
    client: "DuckDB",
    operation: "a default is changed",
    happens: RECOMPUTED,
    statements: ["alter table lake.T alter v set default 9", "insert into lake.T (k) values ('a')"],
  },
  {
    client: "DuckDB",
    operation: "partitioning is set",
    happens: FOLLOWED,
    statements: ["alter table lake.T set partitioned by (k)", small, flush, remove],
  },
  {
    client: "DuckDB",
    operation: "a sort order is set",
    happens: FOLLOWED,
    statements: ["alter table lake.T set sorted by (v)", small, flush, remove],
  },
  {
    client: "DuckDB",
    operation: "the inlining limit is changed",
    happens: FOLLOWED,
    statements: ["call lake.set_option('data_inlining_row_limit', 100, table_name => 'T')", ...WRITES],
  },
  {
    client: "DuckDB",
    operation: "flush of inlined rows",
    happens: FOLLOWED,
    statements: [small, remove, small, flush],
  },
  {
    client: "DuckDB",
    operation: "merge of files",
    happens: FOLLOWED,
    statements: [small, flush, small, flush, "call ducklake_merge_adjacent_files('lake', 'T')", remove],
  },
  {
    client: "DuckDB",
    operation: "rewrite of files with deletions",
    happens: FOLLOWED,
    statements: [small, flush, remove, "call ducklake_rewrite_data_files('lake', 'T', delete_threshold => 0)", small],
  },
  {
    client: "DuckDB",
    operation: "`CHECKPOINT`",
    happens: FOLLOWED,
    statements: [small, remove, "checkpoint lake", small],
  },
  {
    client: "DuckDB",
    operation: "snapshots expire, and files are cleaned up",
    happens: FOLLOWED,
    statements: [
      small,
      "call ducklake_expire_snapshots('lake', older_than => now() + interval 1 hour)",
      "call ducklake_cleanup_old_files('lake', cleanup_all => true)",
      remove,
    ],
  },
  {
    client: "DuckDB",
    operation: "renamed and back",
    happens: "`ERROR`, TR016, while it has the other name; followed when it is back",
    statements: [
      small,
      {
        sql: "alter table lake.T rename to T_away",
        error: /lake table main\.T \(source lake\.T of stream table .*\) does not exist/,
      },
      { sql: "insert into lake.T_away values ('z', 1, 1)", error: /does not exist at snapshot/ },
      "alter table lake.T_away rename to T",
      small,
      remove,
    ],
  },
  {
    client: "DuckDB",
    operation: "renamed, written and back between two refreshes",
    happens: FOLLOWED,
    statements: [
      small,
      { sql: "alter table lake.T rename to T_away", error: null },
      { sql: "insert into lake.T_away values ('z', 1, 1)", error: null },
      { sql: "alter table lake.T_away rename to T", error: null },
      small,
      remove,
    ],
  },
  {
    client: "DuckDB",
    operation: "`CREATE OR REPLACE TABLE`",
    happens: RECOMPUTED,
    statements: ["create or replace table lake.T as select * from lake.T where k = 'a'", small, remove],
  },
  {
    client: "DuckDB",
    operation: "dropped and made again with the same columns",
    happens: "`ERROR`, TR016, while it is away; recomputed when it is back",
    statements: [
      { sql: "drop table lake.T", error: /lake table main\.T \(source lake\.T of stream table .*\) does not exist/ },
      "create table lake.T (k varchar, v integer, w integer)",
      small,
      remove,
    ],
  },
  {
    client: "DuckDB",
    operation: "a used column is dropped",
    happens: "`ERROR`, TR016, with the column's name; recomputed when there is one of that name again",
    statements: [
      {
        sql: "alter table lake.T drop column v",
        error: /^lake table main\.T had no column v at snapshot \d+$/,
      },
      "alter table lake.T add column v integer default 0",
      "insert into lake.T (k, v) values ('a', 3)",
    ],
  },
];
