// The session's second DuckDB connection, in autocommit: plans and pinned reads run here. On the first one they would see
// the caller's uncommitted writes at every snapshot.
import type { LakeConnection } from "../duck/connection.ts";
import type { Lake } from "../duck/lake.ts";
import { InstanceDead } from "../errors.ts";

export class AuxConnection {
  readonly #lake: Lake;
  #connection: LakeConnection | null = null;

  constructor(lake: Lake) {
    this.#lake = lake;
  }

  /** Steps here only read, so one that meets a dead instance is simply done again on a new one. */
  use<T>(step: (connection: LakeConnection) => Promise<T>): Promise<T> {
    return this.#lake.healing(async () => step(await this.#current()));
  }

  close(): void {
    this.#connection?.close();
    this.#connection = null;
  }

  async #current(): Promise<LakeConnection> {
    const known = this.#connection;
    if (known !== null && known.generation !== this.#lake.generation) {
      // Rows that are still being read from it are lost with it.
      known.close(new InstanceDead({ generation: known.generation, statement: "", diedOfIt: false }));
      this.#connection = null;
    }
    this.#connection ??= await this.#lake.connect();
    return this.#connection;
  }
}
