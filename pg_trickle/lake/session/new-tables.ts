// Makes a lake table, in a lake transaction of its own: it is there when this has returned, whatever becomes of the transaction in
// PostgreSQL. So it may be asked for again, and then says what is there.
import type { CatalogWatch } from "../duck/catalog-watch.ts";
import type { LakeConnection } from "../duck/connection.ts";
import { LakeError, SQL_STATE } from "../errors.ts";
import { postgresType } from "../planner/catalog-types.ts";
import type { NewTable } from "../planner/new-table.ts";
import { LAKE_SCHEMA } from "../planner/shipped-select.ts";
import type { TableOutcome } from "../planner/types.ts";
import { type CatalogQuery, type CatalogTable, catalogTables, catalogViews } from "./catalog-tables.ts";
import { type CommitSteps, commitWrites } from "./commit.ts";
import { setCommitMessage, writerMessage } from "./marker.ts";
import type { Turn } from "./turn.ts";

export interface NewTableServices extends CatalogQuery {
  readonly catalog: CatalogWatch;
  readonly turn: Turn;
}

const NEVER = new AbortController().signal;

export async function makeTable(wanted: NewTable, services: NewTableServices): Promise<TableOutcome> {
  const before = await find(wanted.table, services);
  // The statement does nothing where the table is, so it may be run again after DuckDB died of whatever.
  if (before === null) await services.lake.healing(() => create(wanted, services));
  const table = before ?? (await find(wanted.table, services));
  if (table === null) throw new LakeError(SQL_STATE.tableMissing, `table "${wanted.table}" was dropped at once`);
  return { isMade: before === null, columns: describe(table) };
}

/** Names differ for DuckDB by more than the case of their letters. */
async function find(table: string, catalog: CatalogQuery): Promise<CatalogTable | null> {
  const isSame = (name: string) => `${LAKE_SCHEMA}.${name}`.toLowerCase() === table.toLowerCase();
  const found = (await catalogTables(catalog)).find(({ name }) => isSame(name)) ?? null;
  if (found !== null && `${LAKE_SCHEMA}.${found.name}` !== table) {
    throw taken(`lake table ${LAKE_SCHEMA}.${found.name} is there, and a lake does not tell ${table} from it`);
  }
  if ((await catalogViews(catalog)).some(isSame)) throw taken(`${table} is a view in the lake`);
  return found;
}

function taken(message: string): LakeError {
  return new LakeError(SQL_STATE.duplicateTable, message, { hint: "Choose another name." });
}

async function create(wanted: NewTable, services: NewTableServices): Promise<void> {
  const connection = await services.lake.connect();
  try {
    await commitWrites(steps(wanted, connection, services), services.signal);
  } finally {
    await connection.run("rollback", NEVER).catch(() => undefined);
    connection.close();
  }
}

function steps(wanted: NewTable, connection: LakeConnection, { catalog, turn, signal }: NewTableServices): CommitSteps {
  const writer = { user: wanted.author, applicationName: wanted.applicationName };
  const message = setCommitMessage(writerMessage(writer, `created ${wanted.table}`));
  return {
    owner: connection,
    turn,
    // Another one who makes a table of that name at the same moment is no reason to fail.
    again: "at once",
    prepare: async () => {
      await catalog.beforeCommit();
      await connection.run("begin transaction", signal);
      await connection.run(wanted.sql, signal);
      await connection.run(message.sql, signal, message.values);
    },
    commit: async () => {
      await connection.run("commit", NEVER);
    },
    restart: async () => {
      // A COMMIT that failed has ended it.
      await connection.run("rollback", NEVER).catch(() => undefined);
    },
  };
}

/** With PostgreSQL's types; of a column that has none, the lake's. */
function describe({ columns }: CatalogTable): TableOutcome["columns"] {
  return columns
    .filter(({ parent }) => parent === null)
    .map((column) => ({
      name: column.name,
      type: postgresType(column, columns) ?? column.type,
      not_null: column.isNotNull,
    }));
}
