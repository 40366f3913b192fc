/** A gate in the way of a statement: a test holds an operation at one of its steps as long as it needs, and no longer. */
import type { Pool } from "pg";
import { until } from "./until.ts";

const KEY = 4711;

/** For an assertion: true once the gate is open. */
export const passesGate = `select true from pg_advisory_xact_lock_shared(${KEY})`;

export interface Gate {
  /** Resolves when a statement stands before it. */
  reached(): Promise<void>;
  open(): Promise<void>;
}

export async function closeGate(pool: Pool): Promise<Gate> {
  const keeper = await pool.connect();
  await keeper.query("select pg_advisory_lock($1)", [KEY]);
  return {
    async reached() {
      await until(async () => {
        const { rowCount } = await pool.query(
          `select from pg_locks where locktype = 'advisory' and objid = $1 and not granted
           and database = (select oid from pg_database where datname = current_database())`,
          [KEY],
        );
        return rowCount === 1;
      });
    },
    async open() {
      await keeper.query("select pg_advisory_unlock($1)", [KEY]);
      keeper.release();
    },
  };
}
