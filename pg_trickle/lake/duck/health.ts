// Whether the lake can be used at this moment: the instance lives and its catalog answers, is of the version that it knows and has its files where it reads and writes them. Asked on a connection of its own,
// past every queue; askers at the same time share one answer, and each gets one in time.
import { deathIn, LakeError, SQL_STATE, toLakeError } from "../errors.ts";
import { type CatalogPlace, catalogProblem } from "./catalog-watch.ts";
import type { LakeConnection } from "./connection.ts";
import type { Lake } from "./lake.ts";

/** The question takes some 3 ms; PostgreSQL's own check gives up after a few seconds. */
const ANSWER_LIMIT_MS = 2000;
/** One that is stuck is interrupted, so that it does not stand for all later ones. */
const QUESTION_LIMIT_MS = 10_000;

export class LakeHealth {
  readonly #lake: Lake;
  readonly #catalog: CatalogPlace;
  #connection: LakeConnection | null = null;
  #asking: Promise<string | null> | null = null;

  constructor(lake: Lake, catalog: CatalogPlace) {
    this.#lake = lake;
    this.#catalog = catalog;
  }

  /** What is wrong, or null; never rejects. */
  async problem(): Promise<string | null> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = null;
    });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve(`the lake did not answer within ${ANSWER_LIMIT_MS} ms`), ANSWER_LIMIT_MS);
    });
    try {
      return await Promise.race([this.#asking, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #ask(): Promise<string | null> {
    try {
      await this.#lake.healing(() => this.#question());
      return null;
    } catch (error) {
      if (deathIn(error) !== null) return toLakeError(error).message;
    }
    // A catalog that was away leaves connections behind that fail once more: a new one tells how things are now.
    this.#close();
    try {
      await this.#lake.healing(() => this.#question());
      return null;
    } catch (error) {
      this.#close();
      return toLakeError(error).message;
    }
  }

  async #question(): Promise<void> {
    if (this.#connection?.generation !== this.#lake.generation) this.#close();
    this.#connection ??= await this.#lake.connect();
    // Both the lake's own look at the catalog and the catalog's at its table.
    const rows = await this.#connection.all(
      "select id from lake.current_snapshot()",
      AbortSignal.timeout(QUESTION_LIMIT_MS),
    );
    if (rows.length === 0) throw new LakeError(SQL_STATE.connectionFailure, "the lake's catalog has no snapshot");
    const problem = await catalogProblem(this.#connection, this.#catalog, AbortSignal.timeout(QUESTION_LIMIT_MS));
    if (problem !== null) throw problem;
  }

  #close(): void {
    this.#connection?.close();
    this.#connection = null;
  }
}
