/** A fresh database with pg_trickle and an engine of its own for a test file. */
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, inject } from "vitest";
import { createTrickleDatabase, type TrickleDatabase, type TrickleOptions } from "../../stack/database.ts";
import { temporaryFolder } from "../../stack/processes.ts";
import type {} from "./provided.ts";

export type UseTrickleOptions = Partial<Omit<TrickleOptions, "stateDir" | "extensions" | "onDropped">>;

/** Another database in the tier's cluster, for tests that need more than one; the caller drops it. */
export async function openTrickle(options: UseTrickleOptions = {}): Promise<TrickleDatabase> {
  const tier = inject("postgres");
  const folder = temporaryFolder();
  const name = `trickle_${randomBytes(6).toString("hex")}`;
  return createTrickleDatabase(tier, name, {
    ...options,
    stateDir: folder.path,
    extensions: tier.duckdbExtensions,
    onDropped: () => folder.remove(),
  });
}

/** Makes the database before the file's tests and drops it after them. The result may be used inside tests and hooks only. */
export function useTrickle(options: UseTrickleOptions = {}): () => TrickleDatabase {
  let database: TrickleDatabase | undefined;
  beforeAll(async () => {
    database = await openTrickle(options);
  });
  afterAll(async () => {
    await database?.drop();
  });
  return () => {
    if (!database) throw new Error("the database is made in beforeAll: use it inside tests and hooks");
    return database;
  };
}
