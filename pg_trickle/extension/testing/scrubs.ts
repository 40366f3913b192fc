/** A stream table to be scrubbed, what is known of its scrubs, and ways to make it wrong although the guards refuse. */
import { Client } from "pg";
import { afterEach } from "vitest";
import { useTrickle } from "../../../test/support/trickle.ts";

export interface Scrubbed {
  readonly last_scrubbed_at: Date | null;
  readonly next_scrub_at: Date | null;
  readonly drift_count: number;
  readonly damage_count: number;
  readonly last_drift_at: Date | null;
  readonly scrub_error: string | null;
}

export const TABLE = "public.event_summary";

/** What a delta that lost rows leaves: rows, hidden state and fingerprint agree, and are wrong. */
function lossOf(state: string, type: string, count: number): readonly string[] {
  return [
    `update ${state} set n = n - ${count} where k1 = '${type}'`,
    `update public.event_summary set event_count = event_count - ${count} where event_type = '${type}'`,
    `update pgtrickle_internal.fingerprints f
     set hash_sum = (select c.hash_sum from pgtrickle_internal.count_fingerprint(f.stream_table_id) c)
     where f.refresh_id = (
       select max(g.refresh_id) from pgtrickle_internal.fingerprints g
       join pgtrickle_internal.stream_tables s on s.id = g.stream_table_id where s.table_name = 'event_summary')`,
  ];
}

export function useScrubs() {
  const trickle = useTrickle();
  const clients: Client[] = [];
  const pool = () => trickle().pool();

  async function rows<T extends object = Record<string, unknown>>(text: string, values: unknown[] = []): Promise<T[]> {
    return (await pool().query<T>(text, values)).rows;
  }

  /** Without triggers, as whoever means harm or a disk would do it. */
  async function force(...statements: string[]): Promise<void> {
    const client = new Client({ connectionString: trickle().url });
    clients.push(client);
    await client.connect();
    await client.query("set session_replication_role = replica");
    await client.query(["begin", ...statements, "commit"].join(";"));
  }

  /** A relation of the table's layout, such as its hidden state. */
  async function relation(key: "base" | "journal"): Promise<string> {
    const [found] = await rows<{ name: string }>(
      "select layout ->> $1 as name from pgtrickle_internal.stream_tables where table_name = 'event_summary'",
      [key],
    );
    return found?.name ?? "";
  }

  const loseRows = async (type: string, count: number) => force(...lossOf(await relation("base"), type, count));

  const scrub = async (name = TABLE) =>
    (await rows<{ summary: string }>("select pgtrickle.scrub($1) as summary", [name]))[0]?.summary ?? "";

  async function scrubbed(table = "event_summary"): Promise<Scrubbed | undefined> {
    const [found] = await rows<Scrubbed>(
      `select last_scrubbed_at, next_scrub_at, drift_count::int, damage_count::int, last_drift_at, scrub_error
       from pgtrickle.pgt_stream_tables where pgt_name = $1`,
      [table],
    );
    return found;
  }

  const history = (table = "event_summary") =>
    rows<{ action: string; strategy: string; reason: string; rows_removed: string; rows_added: string }>(
      `select action, strategy, reason, rows_removed, rows_added from pgtrickle.refresh_history
       where pgt_name = $1 and action = 'Scrub' order by refresh_id`,
      [table],
    );

  const set = (name: string, value: number) =>
    rows(
      "insert into pgtrickle_internal.settings values ($1, $2) on conflict (name) do update set value = excluded.value",
      [name, value],
    );

  /** At every level: rows, hidden state (a delta over them) and fingerprint. */
  async function isRight(): Promise<boolean[]> {
    const levels = ["engine", "rows", "fingerprint"];
    const found = await Promise.all(
      levels.map((level) => rows<{ ok: boolean }>("select ok from pgtrickle.verify($1, $2)", [TABLE, level])),
    );
    return found.map(([verified]) => verified?.ok ?? false);
  }

  afterEach(async () => {
    for (const client of clients.splice(0)) await client.end();
    await rows("delete from pgtrickle_internal.settings");
  });

  return { trickle, pool, rows, force, relation, loseRows, scrub, scrubbed, history, set, isRight };
}
