// Statements of user `lake`: queries and changes of lake tables, inside the caller's lake transaction.

import type { CatalogWatch } from "../duck/catalog-watch.ts";
import type { LakeConnection } from "../duck/connection.ts";
import type { Lake } from "../duck/lake.ts";
import type { DuckRows, ReadResult, RowSource } from "../duck/rows.ts";
import { LakeError, SQL_STATE } from "../errors.ts";
import { readImport } from "../planner/import-schema.ts";
import { prepareShipped } from "../planner/shipped.ts";
import type {
  Column,
  InsertCell,
  PlannerServices,
  PreparedStatement,
  Refusal,
  ShippedStatement,
} from "../planner/types.ts";
import type { ZoneOffset } from "../wire/text/time-zones.ts";
import type { Admission } from "./admission.ts";
import type { AuxConnection } from "./aux-connection.ts";
import { CtidRows } from "./ctid-rows.ts";
import { ctidRun, readCtidStatement } from "./ctid-statements.ts";
import {
  done,
  type Execution,
  INTEGER_OID,
  type PreparedQuery,
  type StatementContext,
  selected,
  TextRow,
  WrappedRows,
} from "./execution.ts";
import { HealingRows } from "./healing-rows.ts";
import { answerImport } from "./import-rows.ts";
import type { LakeTransaction } from "./lake-transaction.ts";
import { orThrow } from "./refusals.ts";
import type { SchemaCache } from "./schema-cache.ts";

export interface LakeQueryServices {
  readonly lake: Lake;
  readonly catalog: CatalogWatch;
  readonly transaction: LakeTransaction;
  readonly aux: AuxConnection;
  readonly admission: Admission;
  readonly planner: (signal: () => AbortSignal) => PlannerServices;
  readonly zone: () => ZoneOffset;
  readonly columnsOf: (table: string) => Promise<readonly Column[]>;
  readonly schemas: SchemaCache;
  readonly metadataSchema: string;
}

type Shipped<Kind extends ShippedStatement["kind"]> = Extract<ShippedStatement, { kind: Kind }>;

export async function prepareLakeQuery(
  sql: string,
  services: LakeQueryServices,
  signal: () => AbortSignal,
): Promise<PreparedQuery> {
  const constant = readConstant(sql);
  if (constant !== null)
    return { start: () => Promise.resolve(selected(new TextRow("?column?", constant, INTEGER_OID))) };
  const imported = readImport(sql);
  if (imported !== null) {
    const { lake, catalog, metadataSchema } = services;
    return {
      start: async ({ signal: now }) => {
        await catalog.beforeReading();
        return answerImport(imported, { lake, metadataSchema, signal: now() });
      },
    };
  }
  const byCtid = readCtidStatement(sql);
  if (byCtid !== null) {
    return {
      start: async (context) => {
        const { transaction } = services;
        await transaction.lockTable(byCtid.table, context.signal());
        const run = ctidRun(byCtid, context.values, (ctid) => transaction.places.placeOf(ctid));
        return done(`${byCtid.kind.toUpperCase()} ${await transaction.stage(run, context.signal())}`);
      },
    };
  }
  const locks = /\bfor\s+update\s*;?\s*$/i.test(sql);
  const prepared = orThrow(await prepareShipped(sql, services.planner(signal)));
  return { start: (context) => startShipped(prepared, services, { ...context, locks }) };
}

/** `select 1`, with which pools and probes ask for life: answered without DuckDB, whose threads may all be busy. */
function readConstant(sql: string): string | null {
  return /^select\s+(\d{1,9})\s*;?$/i.exec(sql)?.[1] ?? null;
}

interface ShippedContext extends StatementContext {
  readonly locks: boolean;
}

async function startShipped(
  prepared: PreparedStatement,
  services: LakeQueryServices,
  context: ShippedContext,
): Promise<Execution> {
  const shipped = orThrow(await bind(prepared, services, context));
  switch (shipped.kind) {
    case "select":
      return select(shipped, services, context);
    case "insert":
      return insert(shipped, services, context);
    case "update":
    case "delete": {
      const change = () => services.transaction.change(shipped.table, shipped.sql, context.signal());
      return done(`${shipped.kind.toUpperCase()} ${await change()}`);
    }
  }
}

/** What is refused with remembered columns is looked at once more with those of now. */
async function bind(
  prepared: PreparedStatement,
  services: LakeQueryServices,
  context: StatementContext,
): Promise<ShippedStatement | Refusal> {
  const parameter = (index: number) => context.values[index - 1] ?? null;
  const outcome = await prepared.bind(parameter);
  if (outcome.ok) return outcome;
  services.schemas.forget();
  return prepared.bind(parameter);
}

async function insert(
  shipped: Shipped<"insert">,
  services: LakeQueryServices,
  context: StatementContext,
): Promise<Execution> {
  const known = new Set((await services.columnsOf(shipped.table)).map((column) => column.name));
  const missing = shipped.columns.find((column) => !known.has(column));
  if (missing !== undefined) {
    throw new LakeError(SQL_STATE.undefinedColumn, `column "${missing}" of lake table ${shipped.table} does not exist`);
  }
  const value = (cell: InsertCell) =>
    "parameter" in cell ? (context.values[cell.parameter - 1] ?? null) : cell.literal;
  const rows = shipped.rows.map((row) => row.map(value));
  await services.transaction.stage(
    { kind: "insert", table: shipped.table, columns: shipped.columns, rows },
    context.signal(),
  );
  return done(`INSERT 0 ${rows.length}`);
}

async function select(
  shipped: Shipped<"select">,
  services: LakeQueryServices,
  context: ShippedContext,
): Promise<Execution> {
  const open = (connection: LakeConnection) => connection.open(shipped.sql, services.zone(), context.signal);
  // Nothing of the lake, such as `select 1`: served whatever the engine is busy with.
  if (shipped.relations.length === 0) return selected(await services.aux.use(open));
  const isPinned = shipped.relations.every((relation) => relation.snapshot !== null);
  if (isPinned) return selected(await openPinned(shipped, services, context));
  const rows = await openInside(shipped, services, context);
  const guard = (step: () => Promise<ReadResult>) => services.transaction.guard(step);
  return selected(new WrappedRows(rows, (step) => services.admission.run(context.signal(), () => guard(step))));
}

/** At fixed snapshots, outside the caller's transaction. */
async function openPinned(
  shipped: Shipped<"select">,
  { lake, catalog, aux, admission, zone, transaction }: LakeQueryServices,
  context: ShippedContext,
): Promise<RowSource> {
  await catalog.beforeReading();
  const rows = await admission.run(context.signal(), () =>
    HealingRows.open(lake, () =>
      aux.use(async (connection) =>
        withCtids(await connection.open(shipped.sql, zone(), context.signal), shipped, transaction),
      ),
    ),
  );
  return new WrappedRows(rows, (step) => admission.run(context.signal(), step));
}

async function openInside(
  shipped: Shipped<"select">,
  services: LakeQueryServices,
  context: ShippedContext,
): Promise<RowSource> {
  const { transaction, admission } = services;
  if (context.locks) {
    for (const { table } of shipped.relations) await transaction.lockTable(table, context.signal());
  }
  const open = async (connection: LakeConnection) =>
    withCtids(await connection.open(shipped.sql, services.zone(), context.signal), shipped, transaction);
  return admission.run(context.signal(), () => transaction.read(context.signal(), open));
}

function withCtids(rows: DuckRows, { ctidColumns }: Shipped<"select">, { places }: LakeTransaction): RowSource {
  return ctidColumns.length === 0 ? rows : new CtidRows(rows, ctidColumns, places);
}
