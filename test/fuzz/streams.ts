/** The stream tables as their users see them: refreshed, compared with the model, verified. Everything through the contract. */
import { type Client, DatabaseError } from "pg";
import { until } from "../support/until.ts";
import type { Counts } from "./counts.ts";
import { Finding } from "./finding.ts";
import { type Mirror, type RowDifference, showDifferences } from "./mirror.ts";
import { modelQuery, STREAM_TABLES, type StreamTable } from "./stream-tables.ts";

const LEVELS = ["engine", "rows", "fingerprint"] as const;
/** Refused because others are at work, as any client's transaction may be. */
const REPEATABLE = new Set(["40001", "40P01", "55P03", "TR012"]);
const TRIES = 3;
/** The engine was killed, by its watchdog on a machine that is too busy for instance. */
const AWAY = new Set(["TR014", "08006", "08001", "08003"]);
const AWAY_TRIES = 6;
/** So often in a row a table may be refused while others hold transactions open. */
const PATIENCE_ROUNDS = 5;

export interface Streams {
  readonly session: Client;
  readonly mirror: Mirror;
  readonly counts: Counts;
}

export const sqlState = (error: unknown): string =>
  error instanceof DatabaseError ? (error.code ?? "?") : String(error);

export async function createStreams({ session }: Streams): Promise<void> {
  for (const { name, query, mode } of STREAM_TABLES) {
    await session.query("select pgtrickle.create_stream_table('public', $1, $2, null, $3)", [name, query, mode]);
  }
}

/** Again where others were at work; and as soon as there is an engine again where it has gone. */
export async function patiently(streams: Streams, text: string, values: unknown[]): Promise<unknown[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      return (await streams.session.query(text, values)).rows;
    } catch (error) {
      const code = sqlState(error);
      streams.counts.add(`refused calls: ${code}`);
      if (!isWorthAnother(code, attempt)) throw error;
      if (AWAY.has(code)) await isEngineThere(streams.session);
    }
  }
}

function isWorthAnother(code: string, attempt: number): boolean {
  return attempt < (AWAY.has(code) ? AWAY_TRIES : TRIES) && (AWAY.has(code) || REPEATABLE.has(code));
}

async function isEngineThere(session: Client): Promise<void> {
  let tries = 0;
  await until(async () => {
    const { rows } = await session.query<{ ok: boolean }>("select pgtrickle.check_lake() as ok");
    return rows[0]?.ok || ++tries > 500;
  });
}

async function refresh(streams: Streams, name: string): Promise<Error | undefined> {
  try {
    await patiently(streams, "select pgtrickle.refresh($1)", [name]);
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

/** Whether it was refused because the lake contradicts its catalog: a scheduled one shows as status ERROR. */
export async function refreshQuietly(streams: Streams, name: string): Promise<boolean> {
  const error = await refresh(streams, name);
  return error !== undefined && sqlState(error) === "TR041";
}

export function differencesAt({ mirror }: Streams, table: StreamTable, sequence: number): Promise<RowDifference[]> {
  return mirror.differences(`public.${table.name}`, modelQuery(table), sequence);
}

/** What the product itself says of a table: for the finding, and to know whether it tells. */
export async function selfReport(streams: Streams, name: string): Promise<{ isTold: boolean; text: string }> {
  const words: string[] = [];
  let isTold = false;
  const { rows } = await streams.session.query(
    `select s.status, s.last_error, h.action, h.strategy, h.from_snapshot, h.to_snapshot, h.reason
     from pgtrickle.pgt_stream_tables s left join lateral (
       select * from pgtrickle.refresh_history h where h.pgt_name = s.pgt_name order by refresh_id desc limit 1) h on true
     where s.pgt_name = $1`,
    [name],
  );
  const [row] = rows;
  isTold ||= row.status === "ERROR" || row.last_error !== null;
  words.push(`status ${row.status}, last error ${row.last_error ?? "none"}`);
  words.push(`last ${row.action} by ${row.strategy} from ${row.from_snapshot} to ${row.to_snapshot}: ${row.reason}`);
  for (const level of LEVELS) {
    const ok = await verifyLevel(streams, name, level);
    isTold ||= ok !== true;
    words.push(`verify ${level} ${ok}`);
  }
  return { isTold, text: words.join("; ") };
}

async function verifyLevel(streams: Streams, name: string, level: string): Promise<boolean | string> {
  try {
    const [row] = await patiently(streams, "select ok from pgtrickle.verify($1, $2)", [name, level]);
    return (row as { ok: boolean }).ok;
  } catch (error) {
    return `refused (${sqlState(error)}: ${(error as Error).message})`;
  }
}

/** How often in a row each table's refresh was refused. */
export type Refusals = Map<string, number>;

export interface Round {
  readonly sequence: number;
  /** Nobody has a transaction open that could hold it up. */
  readonly isAlone: boolean;
  readonly refusals: Refusals;
  readonly kind: "forward" | "replay";
}

/** Brings the tables to the head and compares them. */
export async function refreshAndCompare(streams: Streams, tables: readonly StreamTable[], round: Round): Promise<void> {
  for (const table of tables) {
    const error = await refresh(streams, table.name);
    judgeRefusal(table, error, round);
    if (error) continue;
    const differences = await differencesAt(streams, table, round.sequence);
    streams.counts.add("compared tables");
    if (differences.length > 0) await reportDifference(streams, round.kind, table, differences);
  }
}

function judgeRefusal({ name }: StreamTable, error: Error | undefined, { refusals, isAlone }: Round): void {
  const refused = error ? (refusals.get(name) ?? 0) + 1 : 0;
  refusals.set(name, refused);
  if (!error) return;
  const code = sqlState(error);
  if (isAlone || refused > PATIENCE_ROUNDS || !REPEATABLE.has(code)) {
    throw new Finding("refresh-refused", code, `${name}: ${error.message}`);
  }
}

async function reportDifference(
  streams: Streams,
  kind: "forward" | "replay",
  { name }: StreamTable,
  differences: readonly RowDifference[],
): Promise<never> {
  const report = await selfReport(streams, name);
  const { rows } = await streams.session.query<{ strategy: string }>(
    "select strategy from pgtrickle.refresh_history where pgt_name = $1 order by refresh_id desc limit 1",
    [name],
  );
  const words = [name, showDifferences(differences), report.text];
  throw new Finding(kind, rows[0]?.strategy ?? "?", words.join(" | "));
}

/** Every level must say yes of tables that were just compared. */
export async function verifyAll(streams: Streams): Promise<void> {
  for (const { name } of STREAM_TABLES) {
    for (const level of LEVELS) {
      const ok = await verifyLevel(streams, name, level);
      streams.counts.add(`verified: ${level}`);
      if (ok !== true) throw new Finding("verify", level, `${name} equals its query, verify says ${ok}`);
    }
  }
}
