// The live DuckDB instance: gives connections, makes the instance anew when DuckDB has declared it dead, and owns the
// connections that turn SQL text into syntax trees and back.
import type { DuckDBInstance } from "@duckdb/node-api";
import type { Logger } from "pino";
import { readAst, writeAst } from "../planner/ast.ts";
import type { Ast } from "../planner/types.ts";
import { LakeConnection } from "./connection.ts";
import { createInstance, type LakeOptions } from "./instance.ts";
import { LruCache } from "./lru-cache.ts";
import { Parser } from "./parser.ts";

const PARSE_CACHE_ENTRIES = 500;
/** Longer statements are rarely sent twice, and their trees are a hundred times as large. */
const CACHED_CHARS = 20_000;
/** A tree of this size takes DuckDB seconds to print; it must not keep everybody else's statements waiting. */
const LARGE_CHARS = 100_000;

interface Parsers {
  readonly small: Parser;
  readonly large: Parser;
}

async function connectParsers(instance: DuckDBInstance): Promise<Parsers> {
  const [small, large] = await Promise.all([instance.connect(), instance.connect()]);
  return { small: new Parser(small), large: new Parser(large) };
}

export class Lake {
  readonly #options: LakeOptions;
  readonly #logger: Logger;
  readonly #parsed = new LruCache<string, Ast>(PARSE_CACHE_ENTRIES);
  #instance: DuckDBInstance;
  #parsers: Parsers;
  #generation = 1;
  #renewal: Promise<void> | null = null;

  private constructor(options: LakeOptions, logger: Logger, instance: DuckDBInstance, parsers: Parsers) {
    this.#options = options;
    this.#logger = logger;
    this.#instance = instance;
    this.#parsers = parsers;
  }

  static async open(options: LakeOptions, logger: Logger): Promise<Lake> {
    const instance = await createInstance(options);
    return new Lake(options, logger, instance, await connectParsers(instance));
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
    if (sql.length <= CACHED_CHARS) this.#parsed.set(sql, ast);
    return ast;
  }

  print(ast: Ast): Promise<string> {
    return this.#parserCall("select json_deserialize_sql($1::json)", writeAst(ast));
  }

  /** Proves that DuckDB and its threads answer, without touching the catalog. */
  async ping(): Promise<void> {
    await this.#parserCall("select $1::varchar", "1");
  }

  async #parserCall(sql: string, argument: string): Promise<string> {
    await this.#renewal;
    const parser = argument.length > LARGE_CHARS ? this.#parsers.large : this.#parsers.small;
    return parser.ask(sql, argument);
  }

  async #replaceInstance(): Promise<void> {
    const instance = await createInstance(this.#options);
    // The dead instance is not closed: calls that are still inside it would crash the process. It goes with its last user.
    this.#instance = instance;
    this.#parsers = await connectParsers(instance);
  }
}
