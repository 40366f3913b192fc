// The live DuckDB instance: gives connections, makes the instance anew when DuckDB has declared it dead, and owns the one
// connection that turns SQL text into syntax trees and back.
import type { DuckDBInstance } from "@duckdb/node-api";
import type { Logger } from "pino";
import { LakeError, SQL_STATE } from "../errors.ts";
import { readAst, writeAst } from "../planner/ast.ts";
import type { Ast } from "../planner/types.ts";
import { LakeConnection } from "./connection.ts";
import { createInstance, type LakeOptions } from "./instance.ts";
import { LruCache } from "./lru-cache.ts";

const PARSE_CACHE_ENTRIES = 500;
const NEVER = new AbortController().signal;

export class Lake {
  readonly #options: LakeOptions;
  readonly #logger: Logger;
  readonly #parsed = new LruCache<string, Ast>(PARSE_CACHE_ENTRIES);
  #instance: DuckDBInstance;
  #parser: LakeConnection;
  #parserQueue: Promise<unknown> = Promise.resolve();
  #generation = 1;
  #renewal: Promise<void> | null = null;

  private constructor(options: LakeOptions, logger: Logger, instance: DuckDBInstance, parser: LakeConnection) {
    this.#options = options;
    this.#logger = logger;
    this.#instance = instance;
    this.#parser = parser;
  }

  static async open(options: LakeOptions, logger: Logger): Promise<Lake> {
    const instance = await createInstance(options);
    return new Lake(options, logger, instance, new LakeConnection(await instance.connect(), 1));
  }

  get generation(): number {
    return this.#generation;
  }

  async connect(): Promise<LakeConnection> {
    await this.#renewal;
    return new LakeConnection(await this.#instance.connect(), this.#generation);
  }

  /** Called with the generation of the connection that saw the instance die; only the first such call does anything. */
  async renew(generation: number): Promise<void> {
    if (generation !== this.#generation) return this.#renewal ?? undefined;
    this.#generation += 1;
    this.#logger.warn({ generation: this.#generation }, "DuckDB instance is dead: making a new one");
    this.#renewal = this.#replaceInstance().finally(() => {
      this.#renewal = null;
    });
    return this.#renewal;
  }

  async parse(sql: string): Promise<Ast> {
    const known = this.#parsed.get(sql);
    if (known !== undefined) return known;
    const ast = readAst(
      await this.#parserCall("select json_serialize_sql($1::varchar, skip_default := false)::varchar", sql),
    );
    this.#parsed.set(sql, ast);
    return ast;
  }

  print(ast: Ast): Promise<string> {
    return this.#parserCall("select json_deserialize_sql($1::json)", writeAst(ast));
  }

  /** Proves that DuckDB and its threads answer, without touching the catalog. */
  async ping(): Promise<void> {
    await this.#parserCall("select $1::varchar", "1");
  }

  #parserCall(sql: string, argument: string): Promise<string> {
    const call = this.#parserQueue.then(async () => {
      await this.#renewal;
      const [row] = await this.#parser.all(sql, NEVER, [argument]);
      const text = row?.[0];
      if (typeof text !== "string") throw new LakeError(SQL_STATE.internal, "DuckDB gave no text for a syntax tree");
      return text;
    });
    this.#parserQueue = call.catch(() => undefined);
    return call;
  }

  async #replaceInstance(): Promise<void> {
    const instance = await createInstance(this.#options);
    // The dead instance is not closed: calls that are still inside it would crash the process. It goes with its last user.
    this.#instance = instance;
    this.#parser = new LakeConnection(await instance.connect(), this.#generation);
  }
}
