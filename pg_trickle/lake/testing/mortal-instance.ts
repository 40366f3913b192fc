// For tests only: a real DuckDB instance behind the engine's own interface that can be told to be dead, and which
// statements it dies of. It says so in DuckDB's words; nothing that really harms a DuckDB is run.
import type { DuckDBConnection } from "@duckdb/node-api";
import { createInstance } from "../duck/instance.ts";
import type { LakeInstance, MakeInstance } from "../duck/lake.ts";

const DEAD =
  "FATAL Error: Failed: database has been invalidated because of a previous fatal error. The database must be restarted prior to being used again.";

export class Mortals {
  /** How many instances have been made. */
  made = 0;
  /** Statements that match kill the instance that they run on. */
  deadly: RegExp | null = null;
  /** Set: no new instance can be made for now. */
  refuses: Error | null = null;
  #isDead = false;

  readonly make: MakeInstance = async (options, logger): Promise<LakeInstance> => {
    if (this.refuses !== null) throw this.refuses;
    const instance = await createInstance(options, logger);
    this.made += 1;
    this.#isDead = false;
    const number = this.made;
    const connect = async () => this.#watched(await instance.connect(), number);
    return { connect, closeSync: () => instance.closeSync() };
  };

  /** The instance that lives now dies. */
  kill(): void {
    this.#isDead = true;
  }

  #check(number: number, sql: string): void {
    if (number < this.made || this.#isDead) throw new Error(DEAD);
    if (!this.deadly?.test(sql)) return;
    this.#isDead = true;
    throw new Error("FATAL Error: this statement has broken something");
  }

  #watched(duck: DuckDBConnection, number: number): DuckDBConnection {
    const check = (sql: string) => this.#check(number, sql);
    return new Proxy(duck, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        if (name !== "run" && name !== "stream") return value.bind(target);
        return async (sql: string, ...rest: unknown[]) => {
          check(sql);
          return value.call(target, sql, ...rest) as unknown;
        };
      },
    });
  }
}
