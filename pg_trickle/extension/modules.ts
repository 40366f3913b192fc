/**
 * The modules of the extension's SQL and the files of each, in the order in which CREATE EXTENSION runs them. It is also the order of
 * layers: what a module calls or names is its own, or of a module above it here (modules.test.ts). Within a module tables and types
 * come before what names them; else the order is that in which one reads.
 */
export interface SqlModule {
  /** Its folder below `sql/`. */
  readonly name: string;
  /** Without `.sql`. */
  readonly files: readonly string[];
}

export const MODULES: readonly SqlModule[] = [
  { name: "installation", files: ["roles", "schemas", "settings", "identity"] },
  { name: "lake", files: ["catalog", "snapshots", "pins", "commits", "tables", "row_counts"] },
  { name: "guard", files: ["turn", "records", "refusals", "deletions", "flushes", "attach", "switch"] },
  { name: "inspect", files: ["findings", "catalog", "deletions", "files", "storage", "cleanup", "inspect_lake"] },
  {
    name: "registry",
    files: ["stream_tables", "sources", "holds", "history", "names", "rights", "locks", "layout", "frontier", "scrubs"],
  },
  { name: "engine", files: ["attach_lake", "health", "leaf_queries"] },
  { name: "top", files: ["leaves", "functions", "deltas", "rows"] },
  {
    name: "manifests",
    files: ["tables", "lake_state", "manifest_changes", "delta_reads", "possible_reads", "record_manifest", "seal"],
  },
  { name: "undo_journal", files: ["restore_points", "undo"] },
  { name: "fingerprints", files: ["environments", "fingerprints", "evidence", "contradictions"] },
  { name: "refresh", files: ["strategies", "changes", "apply_sql", "apply", "move_contents", "publish", "refresh"] },
  {
    name: "verification",
    files: ["comparisons", "source_rows", "levels", "lost_files", "scrub_comparison", "scrub", "scrub_calls"],
  },
  {
    name: "rewind",
    files: [
      "staged_moves",
      "strategies",
      "checks",
      "stage_rewind",
      "stage_replay",
      "assertions",
      "plan_rewind",
      "plan_rows",
    ],
  },
  {
    name: "operation_log",
    files: [
      "tables",
      "repair_guard",
      "backends",
      "fence",
      "claim",
      "steps",
      "holds",
      "pause_and_release",
      "rewind",
      "replay",
      "repair",
      "run_repair",
      "orphan",
      "silence",
      "target",
      "observe",
    ],
  },
  {
    name: "definition",
    files: [
      "create_stream_table",
      "query_checks",
      "sources",
      "layout",
      "top_layout",
      "relations",
      "changes_view",
      "protection",
      "alter_stream_table",
      "change_query",
      "exchange",
      "publish_query",
      "renew_changes_view",
      "take_whole",
      "drop_stream_table",
      "adopt",
      "create_lake_table",
    ],
  },
  { name: "scheduler", files: ["due_refreshes", "pause_and_resume", "maintain"] },
  {
    name: "time_travel",
    files: ["readers", "stream_tables", "refresh_history", "rewind", "verify", "at_and_diff", "snapshots", "explain"],
  },
  { name: "rights", files: ["everybody"] },
];
