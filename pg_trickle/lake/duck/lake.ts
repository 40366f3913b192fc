// The live DuckDB instance: gives connections, makes the instance anew as soon as anybody finds it dead, and owns the
// connections that turn SQL text into syntax trees and back.
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Logger } from "pino";
import { AttachmentOutdated, deathIn, type InstanceDead, withoutPasswords } from "../errors.ts";
import { readAst, writeAst } from "../planner/ast.ts";
import type { Ast } from "../planner/types.ts";
import { type ConnectionHome, LakeConnection, type TriedStatement } from "./connection.ts";
import { Doubts, mayBeOutdated } from "./doubts.ts";
import { everyRow } from "./early-end.ts";
import { createInstance, type LakeOptions } from "./instance.ts";
import { LruCache } from "./lru-cache.ts";
import { Parser } from "./parser.ts";
import { Suspects } from "./suspects.ts";

const PARSE_CACHE_ENTRIES = 500;
/** Longer statements are rarely sent twice, and their trees are a hundred times as large. */
const CACHED_CHARS = 20_000;
/** A tree of this size takes DuckDB seconds to print; it must not keep everybody else's statements waiting. */
const LARGE_CHARS = 100_000;
/** A statement that runs this long on a fresh attachment has told nothing. */
const TRY_LIMIT_MS = 30_000;
const NEVER = new AbortController().signal;

/** As much of a DuckDB instance as the engine uses. */
export interface LakeInstance {
  connect(): Promise<DuckDBConnection>;
  closeSync(): void;
}

export type MakeInstance = (options: LakeOptions, logger: Logger) => Promise<LakeInstance>;

interface Parsers {
  readonly small: Parser;
  readonly large: Parser;
  /** For questions for life alone, which must not wait behind a large tree. */
  readonly watch: LakeConnection;
}

interface Failure {
  readonly error: unknown;
  readonly statement: TriedStatement;
  readonly generation: number;
  readonly signal: AbortSignal;
}

export class Lake {
  readonly suspects = new Suspects(() => performance.now());
  readonly #doubts = new Doubts(() => performance.now());
  readonly #options: LakeOptions;
  readonly #logger: Logger;
  readonly #makeInstance: MakeInstance;
  readonly #parsed = new LruCache<string, Ast>(PARSE_CACHE_ENTRIES);
  readonly #blamed = new WeakSet<InstanceDead>();
  #instance: LakeInstance;
  #parsers!: Parsers;
  #generation = 1;
  #renewal: Promise<void> | null = null;
  #trial: Promise<unknown> = Promise.resolve();

  private constructor(options: LakeOptions, logger: Logger, makeInstance: MakeInstance, instance: LakeInstance) {
    this.#options = options;
    this.#logger = logger;
    this.#makeInstance = makeInstance;
    this.#instance = instance;
  }

  static async open(options: LakeOptions, logger: Logger, makeInstance: MakeInstance = createInstance): Promise<Lake> {
    const lake = new Lake(options, logger, makeInstance, await makeInstance(options, logger));
    lake.#parsers = await lake.#connectParsers(lake.#instance, lake.#generation);
    return lake;
  }

  get generation(): number {
    return this.#generation;
  }

  async connect(): Promise<LakeConnection> {
    await this.#renewal;
    return this.#connectTo(this.#instance, this.#generation);
  }

  /** Runs a step that changes nothing. One that finds the instance dead runs once more, on a new one. */
  async healing<T>(step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      const death = deathIn(error);
      if (death === null) throw error;
      await this.renew(death);
    }
    return this.renewing(step, () => true);
  }

  /** Runs a step; if it finds the instance dead, there is a new one for whoever comes next. */
  async renewing<T>(step: () => Promise<T>, isToBlame = ({ diedOfIt }: InstanceDead) => diedOfIt): Promise<T> {
    try {
      return await step();
    } catch (error) {
      const death = deathIn(error);
      if (death === null) throw error;
      if (isToBlame(death)) this.#blame(death);
      // The step's own error says more than one about the next instance.
      await this.renew(death).catch(() => undefined);
      this.suspects.refuse(death.statement);
      throw error;
    }
  }

  /** Only the first who saw an instance die does anything; the others wait for the new one. If none could be made, the next who comes tries. */
  async renew(death: InstanceDead): Promise<void> {
    if (death.diedOfIt) this.#blame(death);
    if (this.#renewal !== null || death.generation !== this.#generation) return this.#renewal ?? undefined;
    const reason = withoutPasswords(death.cause instanceof Error ? death.cause.message : death.message);
    this.#logger.warn({ generation: death.generation, reason }, "DuckDB instance is dead: making a new one");
    this.#renewal = this.#replaceInstance().finally(() => {
      this.#renewal = null;
    });
    return this.#renewal;
  }

  /** Once for each death, though several who stand around one call see it. */
  #blame(death: InstanceDead): void {
    if (this.#blamed.has(death) || death instanceof AttachmentOutdated) return;
    this.#blamed.add(death);
    this.suspects.blame(death.statement);
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

  /** Answers if DuckDB and its threads do. A dead instance is an answer as well: a new one is then on its way. */
  async isAlive(): Promise<boolean> {
    const { watch } = this.#parsers;
    try {
      await watch.all("select 1", NEVER);
      return true;
    } catch (error) {
      const death = deathIn(error);
      if (death === null) throw error;
      void this.renew(death).catch((err: unknown) => {
        const reason = withoutPasswords(err instanceof Error ? err.message : String(err));
        this.#logger.error({ reason }, "no new DuckDB instance could be made");
      });
      return false;
    }
  }

  #parserCall(sql: string, argument: string): Promise<string> {
    return this.healing(async () => {
      await this.#renewal;
      const { small, large } = this.#parsers;
      return (argument.length > LARGE_CHARS ? large : small).ask(sql, argument);
    });
  }

  async #connectTo(
    instance: LakeInstance,
    generation: number,
    isOutdated: ConnectionHome["isOutdated"] = (error, statement, signal) =>
      this.#isOutdated({ error, statement, generation, signal }),
  ): Promise<LakeConnection> {
    const connect = () => instance.connect();
    const { dataPath } = this.#options;
    return new LakeConnection(await connect(), { dataPath, generation, suspects: this.suspects, connect, isOutdated });
  }

  async #connectParsers(instance: LakeInstance, generation: number): Promise<Parsers> {
    const one = () => this.#connectTo(instance, generation);
    const [small, large, watch] = await Promise.all([one(), one(), one()]);
    return { small: new Parser(small), large: new Parser(large), watch };
  }

  /** One after the other: who waited and finds a new attachment made meanwhile runs again on that one. */
  #isOutdated(failure: Failure): Promise<boolean> {
    const { error, statement, generation } = failure;
    if (!mayBeOutdated(error, statement.sql)) return Promise.resolve(false);
    const isOutdated = this.#trial.then(async () => generation !== this.#generation || this.#tryFresh(failure, error));
    this.#trial = isOutdated.catch(() => undefined);
    return isOutdated.catch(() => false);
  }

  /** A fresh attachment takes this one's place if it does not fail of the statement; else nobody notices it. */
  async #tryFresh({ statement, signal }: Failure, { message }: Error): Promise<boolean> {
    const head = await this.#head();
    if (!this.#doubts.has(message, head)) return false;
    const instance = await this.#makeInstance(this.#options, this.#logger);
    const limit = AbortSignal.any([signal, AbortSignal.timeout(TRY_LIMIT_MS)]);
    if (await this.#succeeds(statement, instance, limit)) {
      this.#logger.warn({ reason: withoutPasswords(message) }, "the lake's attachment was outdated: attached anew");
      this.#renewal ??= this.#replaceInstance(instance).finally(() => {
        this.#renewal = null;
      });
      await this.#renewal;
      return true;
    }
    instance.closeSync();
    if (!signal.aborted) this.#doubts.settle(message, head);
    return false;
  }

  /** Nothing of it stays: a change is rolled back. */
  async #succeeds({ sql, values }: TriedStatement, instance: LakeInstance, signal: AbortSignal): Promise<boolean> {
    const connection = await this.#connectTo(instance, this.#generation + 1, () => Promise.resolve(false));
    try {
      await connection.run("begin transaction", signal);
      await connection.run(isQuery(sql) ? everyRow(sql) : sql, signal, values);
      return true;
    } catch {
      return false;
    } finally {
      await connection.run("rollback", NEVER).catch(() => undefined);
      connection.close();
    }
  }

  async #head(): Promise<string> {
    const connection = await this.connect();
    try {
      const rows = await connection.all("select id::varchar from lake.current_snapshot()", NEVER);
      return String(rows[0]?.[0]);
    } finally {
      connection.close();
    }
  }

  async #replaceInstance(made?: LakeInstance): Promise<void> {
    const next = this.#generation + 1;
    const instance = made ?? (await this.#makeInstance(this.#options, this.#logger));
    const parsers = await this.#connectParsers(instance, next);
    // The one before is not closed: calls that are still inside it would crash the process. It goes with its last user.
    this.#instance = instance;
    this.#parsers = parsers;
    this.#generation = next;
  }
}

const isQuery = (sql: string): boolean => /^\s*(?:select|with|from|\()/i.test(sql);
