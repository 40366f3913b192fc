// The session's second DuckDB connection, in autocommit: plans and pinned reads run here. On the first one they would see
// the caller's uncommitted writes at every snapshot.
import type { LakeConnection } from "../duck/connection.ts";
import type { Lake } from "../duck/lake.ts";
import { isInstanceInvalidated } from "../errors.ts";

export class AuxConnection {
  readonly #lake: Lake;
  #connection: LakeConnection | null = null;

  constructor(lake: Lake) {
    this.#lake = lake;
  }

  /** Steps here only read, so one that meets a dead instance is simply done again on a new one. */
  async use<T>(step: (connection: LakeConnection) => Promise<T>): Promise<T> {
    const connection = await this.#current();
    try {
      return await step(connection);
    } catch (error) {
      if (!isInstanceInvalidated(error)) throw error;
      this.close();
      await this.#lake.renew(connection.generation);
      return step(await this.#current());
    }
  }

  close(): void {
    this.#connection?.close();
    this.#connection = null;
  }

  async #current(): Promise<LakeConnection> {
    if (this.#connection !== null && this.#connection.generation !== this.#lake.generation) this.close();
    this.#connection ??= await this.#lake.connect();
    return this.#connection;
  }
}
