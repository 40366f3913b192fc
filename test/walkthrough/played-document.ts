// A demo document being played on a database: its blocks by psql, its data by the generator's scenario, its truth by a plain
// DuckDB on the same catalog. What a test file promises about the results is the test file's business.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { buildScenario, sliceEvents } from "../../generator/scenario.ts";
import { openSink } from "../../generator/sink.ts";
import type { TrickleDatabase } from "../../stack/database.ts";
import type { DuckdbClient } from "../../stack/ducklake.ts";
import { parseBlocks } from "./blocks.ts";
import { chooseRunner, type SqlRunner } from "./psql.ts";
import type { QueryResult } from "./psql-output.ts";

export const EXAMPLE_SETUP = fileURLToPath(new URL("../../examples/timetravel/database.sql", import.meta.url));

/** Rows as psql shows them: text, in the order that they came. */
export type Rows = readonly (readonly string[])[];

const BATCH_SIZE = 50;

function readBlocks(file: "demo.sql" | "readme.sql"): ReadonlyMap<string, string> {
  return parseBlocks(readFileSync(new URL(file, import.meta.url), "utf8"));
}

export class PlayedDocument {
  readonly #database: TrickleDatabase;
  readonly #runner: SqlRunner;
  readonly #blocks: ReadonlyMap<string, string>;
  #duckdb: DuckdbClient | undefined;
  #written = 0;

  constructor(database: TrickleDatabase, file: "demo.sql" | "readme.sql") {
    this.#database = database;
    this.#blocks = readBlocks(file);
    this.#runner = chooseRunner(database.url, (text) => process.stderr.write(text));
  }

  sql(text: string): Promise<readonly QueryResult[]> {
    return this.#runner.run(text);
  }

  /** Runs a block of the document, as it stands there. */
  play(name: string): Promise<readonly QueryResult[]> {
    const block = this.#blocks.get(name);
    if (block === undefined) {
      throw new Error(`the document has no block "${name}"`);
    }
    return this.sql(block);
  }

  /** The rows of the block's only result. */
  async rows(name: string): Promise<Rows> {
    const results = await this.play(name);
    return results.length === 1 && results[0] !== undefined ? results[0].rows : [[`${results.length} results`]];
  }

  /** The one value of a query. */
  async value(text: string): Promise<string | undefined> {
    return (await this.sql(text))[0]?.rows[0]?.[0];
  }

  async head(): Promise<number> {
    return Number(await this.value("select max(snapshot_id) from ducklake.ducklake_snapshot"));
  }

  /** Writes batches as the generator does, until the lake's newest snapshot is this one. */
  async writeUntilSnapshot(snapshotId: number): Promise<void> {
    await this.writeBatches(snapshotId - (await this.head()));
  }

  async writeBatches(count: number): Promise<void> {
    const scenario = buildScenario("steady", "walkthrough");
    const sink = openSink({ databaseUrl: this.#database.url, logger: { warn: () => undefined } });
    try {
      for (let batch = 0; batch < count; batch += 1) {
        await sink.write(sliceEvents(scenario, this.#written, BATCH_SIZE), AbortSignal.timeout(10_000));
        this.#written += BATCH_SIZE;
      }
    } finally {
      await sink.close();
    }
  }

  /** What the document's query gives at this snapshot, asked of DuckDB alone, ordered by bytes as the lake orders text. */
  async truthAt(snapshotId: number): Promise<Rows> {
    this.#duckdb ??= await this.#database.duckdb();
    const rows = await this.#duckdb.rows(
      `select event_type, count(*) as event_count, sum(value) as total_value
         from lake.main.events at (version => ${snapshotId}) group by event_type order by event_type`,
    );
    return rows.map((row) => [row["event_type"], row["event_count"], row["total_value"]].map(String));
  }
}
