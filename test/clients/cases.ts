// What lake clients in Python do to a lake table below stream tables, and what comes of it: the rows of "Python clients" in
// docs/other-clients.md. `T` stands for the lake table; every stream table over it is looked at after each step.

interface Outcome {
  /** What the status says after this step. */
  readonly error?: RegExp;
  /** What the client says, which has changed nothing. */
  readonly refusal?: RegExp;
}

/** By the client, by a plain DuckDB, or by hand: the files that lie beside the data path are moved below it. */
export type Step = Outcome & ({ readonly action: string } | { readonly sql: string } | { readonly moveFiles: true });

export interface PythonCase {
  readonly client: keyof typeof VERSIONS;
  /** As on the page. */
  readonly operation: string;
  readonly happens: string;
  readonly steps: readonly Step[];
}

export const VERSIONS = {
  duckdb: "1.5.5",
  pyducklake: "1.0.19",
  ducklakepy: "0.1.0.dev0",
  "ducklake-dataframe": "1.0.0",
  "ducklake-sdk": "0.0.21",
} as const;

const FOLLOWED = "followed";
const few = { action: "insert few" };
const many = { action: "insert many" };
const update = { action: "update" };
const remove = { action: "delete" };
const WRITES = [few, many, update, remove, few];

export const CASES: readonly PythonCase[] = [
  { client: "duckdb", operation: "`INSERT`, `UPDATE`, `DELETE`", happens: FOLLOWED, steps: WRITES },
  { client: "pyducklake", operation: "`append`, `upsert`, `delete`", happens: FOLLOWED, steps: WRITES },
  {
    client: "pyducklake",
    operation: "`rollback_to_snapshot`",
    happens: "the client refuses, nothing changes; followed",
    steps: [few, { action: "roll back", refusal: /ValueError: Snapshot \d+ does not exist/ }, many],
  },
  { client: "ducklakepy", operation: "`append`, `update`, `delete`", happens: FOLLOWED, steps: WRITES },
  {
    client: "ducklakepy",
    operation: "the same in turns with a DuckDB that deletes and flushes",
    happens: FOLLOWED,
    steps: [
      { sql: "delete from lake.T where v = 5" },
      few,
      update,
      { sql: "call ducklake_flush_inlined_data('lake', table_name => 'T')" },
      many,
      remove,
      { sql: "delete from lake.T where v > 10 and v < 25" },
    ],
  },
  {
    client: "ducklake-dataframe",
    operation: "`insert_data`, `update_data`, `delete_data`",
    happens: "recomputed",
    steps: WRITES,
  },
  { client: "ducklake-sdk", operation: "`write_polars` of up to 10 rows", happens: FOLLOWED, steps: [few, few] },
  {
    client: "ducklake-sdk",
    operation: "`write_polars` of more",
    happens: "`ERROR`, LT012, with the path where the file should be; followed when it has been moved there",
    steps: [
      { ...many, error: /^Cannot open file "\/.*\/data\/main\/T\/ducklake-.*\.parquet": No such file or directory$/ },
      { moveFiles: true },
      few,
      { sql: "delete from lake.T where k = 'b' and v > 20" },
    ],
  },
];
