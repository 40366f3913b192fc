// Puts a session together for an authenticated user.

import type { CatalogWatch } from "../duck/catalog-watch.ts";
import type { LakeHealth } from "../duck/health.ts";
import type { Lake } from "../duck/lake.ts";
import type { ReadCounters } from "../duck/read-counters.ts";
import { LakeError, SQL_STATE, toLakeError } from "../errors.ts";
import type { Column, EngineFacts, PlannerServices } from "../planner/types.ts";
import type { Admission } from "./admission.ts";
import { AuxConnection } from "./aux-connection.ts";
import type { PreparedQuery } from "./execution.ts";
import { prepareLakeQuery } from "./lake-queries.ts";
import { LakeTransaction } from "./lake-transaction.ts";
import { preparePlanQuery } from "./plan-queries.ts";
import type { SchemaCache } from "./schema-cache.ts";
import { Session } from "./session.ts";
import { Settings } from "./settings.ts";
import type { Turn } from "./turn.ts";
import type { WriteQueues } from "./write-queues.ts";

export const LAKE_USER = "lake";
export const PLANS_USER = "plans";

export interface EngineParts {
  readonly lake: Lake;
  readonly health: LakeHealth;
  readonly catalog: CatalogWatch;
  readonly queues: WriteQueues;
  readonly turn: Turn;
  /** One for each user: a user's long queries do not keep refreshes waiting. */
  readonly admissions: Readonly<Record<string, Admission>>;
  readonly schemas: SchemaCache;
  readonly facts: EngineFacts;
  readonly metadataSchema: string;
  readonly counters: ReadCounters;
}

const NEVER = new AbortController().signal;

export interface OpenedSession {
  readonly session: Session;
  readonly parameters: readonly (readonly [name: string, value: string])[];
}

export function openSession(user: string, applicationName: string, engine: EngineParts): OpenedSession {
  const settings = new Settings();
  settings.set("application_name", applicationName);
  const aux = new AuxConnection(engine.lake);
  const planner = (signal: () => AbortSignal) => plannerServices(engine, aux, signal);
  const columnsOf = async (table: string): Promise<readonly Column[]> => {
    const columns = await planner(() => NEVER).sourceColumns(table, null);
    if (columns !== null) return columns;
    throw new LakeError(SQL_STATE.tableMissing, `table "${table}" does not exist in the lake`);
  };
  const transaction = new LakeTransaction({
    lake: engine.lake,
    catalog: engine.catalog,
    queues: engine.queues,
    turn: engine.turn,
    user,
    applicationName: () => settings.get("application_name"),
    columnsOf,
    metadataSchema: engine.metadataSchema,
    nowMs: () => performance.now(),
  });
  const admission = engine.admissions[user];
  if (admission === undefined) throw new LakeError(SQL_STATE.invalidAuthorization, `user "${user}" has no queries`);
  const zone = () => settings.zone;
  const prepare = async (sql: string, signal: () => AbortSignal): Promise<PreparedQuery> => {
    if (user === PLANS_USER) {
      const { lake, health, catalog, facts } = engine;
      return preparePlanQuery(sql, {
        lake,
        health,
        catalog,
        aux,
        admission,
        planner,
        zone,
        facts,
        counters: engine.counters,
        schemas: engine.schemas,
        turn: engine.turn,
        metadataSchema: engine.metadataSchema,
      });
    }
    return prepareLakeQuery(
      sql,
      {
        ...{ lake: engine.lake, catalog: engine.catalog, transaction, aux, admission, planner, zone, columnsOf },
        schemas: engine.schemas,
        metadataSchema: engine.metadataSchema,
      },
      signal,
    );
  };
  const session = new Session({ settings, transaction, prepare, close: async () => aux.close() });
  return { session, parameters: settings.allReported() };
}

function plannerServices(engine: EngineParts, aux: AuxConnection, signal: () => AbortSignal): PlannerServices {
  const { lake, schemas } = engine;
  return {
    parse: (sql) => lake.parse(sql),
    print: (ast) => lake.print(ast),
    sourceColumns: (table, snapshot) =>
      coded(() => aux.use((connection) => schemas.columns({ table, snapshot, connection, signal: signal() }))),
    describe: (ast) =>
      coded(() => aux.use(async (connection) => describe(await lake.print(ast), connection, signal()))),
  };
}

async function describe(sql: string, connection: { all: AuxAll }, signal: AbortSignal): Promise<readonly Column[]> {
  const rows = await connection.all(`describe ${sql}`, signal);
  return rows.map((row) => ({ name: String(row[0]), type: String(row[1]) }));
}

type AuxAll = (sql: string, signal: AbortSignal) => Promise<readonly (readonly unknown[])[]>;

async function coded<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw toLakeError(error);
  }
}
