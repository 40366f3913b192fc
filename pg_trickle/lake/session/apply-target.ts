// What recorded writes are applied to.
import type { LakeConnection } from "../duck/connection.ts";
import type { Column } from "../planner/types.ts";

export interface ApplyTarget {
  readonly connection: LakeConnection;
  readonly columnsOf: (table: string) => Promise<readonly Column[]>;
  /** The number of the transaction's view of the lake. */
  readonly view: number;
  readonly signal: AbortSignal;
}

/** Rows of text wait here for the statement that casts them. */
export const STAGING_TABLE = "pg_trickle_staged";
export const STAGED = `temp.main.${STAGING_TABLE}`;
