/** Rewinds to snapshots whose rows the model knows: compared there, then replayed and compared again. */
import { Finding } from "./finding.ts";
import { showDifferences } from "./mirror.ts";
import type { Model } from "./model.ts";
import { createRandom, type Random } from "./random.ts";
import type { LakeReader } from "./scan.ts";
import { STREAM_NAMES, STREAM_TABLES } from "./stream-tables.ts";
import {
  differencesAt,
  patiently,
  type Refusals,
  refreshAndCompare,
  type Streams,
  selfReport,
  sqlState,
} from "./streams.ts";

export type Strategy = "Auto" | "Full" | "Journal";

export interface RewindOrder {
  readonly strategy: Strategy;
  readonly pick: number;
  readonly isAlone: boolean;
  readonly refusals: Refusals;
}

interface Past {
  readonly streams: Streams;
  readonly model: Model;
  readonly reader: LakeReader;
}

/** Snapshots that a strategy reaches for all of these tables, by what the product offers and the catalog has. */
async function reachable(
  { streams: { session } }: Past,
  names: readonly string[],
  strategy: Strategy,
): Promise<Set<number>> {
  const { rows: journal } = await session.query<{ snapshot_id: number }>(
    `select s.snapshot_id::int from unnest($1::text[]) as n, pgtrickle.snapshots(n) as s
     where 'Journal' = any (s.strategies) group by 1 having count(*) = cardinality($1)`,
    [names],
  );
  const offered = new Set(journal.map(({ snapshot_id }) => snapshot_id));
  if (strategy === "Journal") return offered;
  const { rows } = await session.query<{ id: number }>("select snapshot_id::int as id from ducklake.ducklake_snapshot");
  const kept = rows.map(({ id }) => id);
  return new Set(strategy === "Auto" ? [...kept, ...offered] : kept);
}

async function chooseTarget(past: Past, names: readonly string[], { strategy }: RewindOrder, random: Random) {
  const usable = await reachable(past, names, strategy);
  const known = past.model.snapshots.filter((snapshot) => usable.has(snapshot));
  return known.length === 0 ? undefined : random.pick(known);
}

/** Pause, rewind, compare, resume, replay, compare. */
export async function rewindAndReplay(past: Past, order: RewindOrder): Promise<void> {
  const random = createRandom(order.pick);
  const names = random.chance(0.3) ? [random.pick(STREAM_NAMES)] : [...STREAM_NAMES];
  const target = await chooseTarget(past, names, order, random);
  const { session, counts } = past.streams;
  if (target === undefined) {
    counts.add(`rewinds: ${order.strategy} has no target`);
    return;
  }
  await session.query("select pgtrickle.pause_scheduler($1)", [names]);
  await rewind(past, names, target, order);
  await session.query("select pgtrickle.resume_scheduler($1)", [names]);
  const { isAlone, refusals } = order;
  await refreshAndCompare(past.streams, STREAM_TABLES, {
    sequence: past.model.sequence,
    isAlone,
    refusals,
    kind: "replay",
  });
}

async function rewind(past: Past, names: string[], target: number, { strategy }: RewindOrder): Promise<void> {
  const { counts } = past.streams;
  try {
    const text = "select strategy from pgtrickle.rewind($1, $2, $3)";
    const rows = (await patiently(past.streams, text, [names, target, strategy])) as { strategy: string }[];
    counts.add(`rewinds: ${strategy} (${[...new Set(rows.map((row) => row.strategy))].sort().join("+")})`);
  } catch (error) {
    await judgeRefusal(past, target, strategy, error as Error);
    return;
  }
  const sequence = past.model.sequenceAt(target) ?? -1;
  for (const table of STREAM_TABLES.filter(({ name }) => names.includes(name))) {
    const differences = await differencesAt(past.streams, table, sequence);
    counts.add("compared tables");
    if (differences.length === 0) continue;
    const report = await selfReport(past.streams, table.name);
    const damage = await past.reader.damageAt(past.model, target);
    const words = [`${table.name} at ${target}`, showDifferences(differences), report.text];
    words.push(`a plain DuckDB reads there ${damage ?? "the right rows"}`);
    throw new Finding("rewind", `${strategy}${damage ? ", the lake's past is damaged" : ""}`, words.join(" | "));
  }
}

/** A refusal is right where the lake's own past is wrong and rows are asked of it, and nowhere else: targets are those that are offered. */
async function judgeRefusal(past: Past, target: number, strategy: Strategy, error: Error): Promise<void> {
  const damage = await past.reader.damageAt(past.model, target);
  past.streams.counts.add(`refused rewinds: ${strategy} ${sqlState(error)}${damage ? " of a damaged past" : ""}`);
  if (damage && strategy !== "Journal") return;
  throw new Finding("rewind-refused", `${strategy} ${sqlState(error)}`, `to ${target}: ${error.message}`);
}
