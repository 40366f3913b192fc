/** The operator's calls, as a test makes them. */
import { randomUUID } from "node:crypto";
import { Client } from "pg";
import { afterEach, beforeAll, beforeEach, expect } from "vitest";
import { createSummary, insertEvents } from "../../../test/support/summary-table.ts";
import { useTrickle } from "../../../test/support/trickle.ts";

const TABLES = ["public.event_summary"];

export interface Operation {
  readonly uid: string;
  readonly token: string;
}

export interface Observed {
  readonly database: string;
  readonly operation: {
    readonly outcome: string | null;
    readonly reason: string | null;
    readonly token_set: boolean;
    readonly idle_seconds: number;
  } | null;
  readonly tables: {
    readonly error: { code: string } | null;
    readonly holders: string[];
    readonly claimed_by: unknown;
  }[];
  readonly steps: {
    readonly step: string;
    readonly attempt: number;
    readonly outcome: string;
    readonly error: { code: string } | null;
  }[];
  readonly target: { readonly snapshot_id: number | null; readonly error: { code: string } | null };
  readonly repair_marker: { readonly snapshot_id: number } | null;
}

/** Of the object, as its operator claims it. */
export function nameOf(uid: string): string {
  return `rewind-${uid.slice(0, 8)}`;
}

/** For a test file: `public.event_summary` and a plain table `notes`; every operation is gone after each test. */
export function useOperations() {
  const trickle = useTrickle();
  const clients: Client[] = [];

  async function connect({ url = trickle().url, applicationName = "test" } = {}): Promise<Client> {
    const client = new Client({ connectionString: url, application_name: applicationName });
    // A claim of the same operation terminates it.
    client.on("error", () => {});
    await client.connect();
    clients.push(client);
    return client;
  }

  async function value<T>(client: Pick<Client, "query">, text: string, values: unknown[] = []): Promise<T> {
    const { rows } = await client.query({ text, values, rowMode: "array" });
    return (rows as unknown[][])[0]?.[0] as T;
  }

  const pool = () => trickle().pool();

  async function claim(uid: string, tables = TABLES, client: Pick<Client, "query"> = pool()) {
    return value<{
      claimed: boolean;
      token: string;
      outcome?: string;
      blocked_by?: { uid: string; table: string }[];
    }>(client, "select pgtrickle_rewind.claim('cluster', $1, 'default', $2, 'key', $3)", [uid, nameOf(uid), tables]);
  }

  async function claimed(tables = TABLES): Promise<Operation> {
    const uid = randomUUID();
    const answer = await claim(uid, tables);
    expect(answer.claimed).toBe(true);
    return { uid, token: answer.token };
  }

  function call<T>(client: Pick<Client, "query">, name: string, { uid, token }: Operation, ...rest: unknown[]) {
    const parameters = rest.map((_, index) => `, $${index + 3}`).join("");
    return value<T>(client, `select pgtrickle_rewind.${name}($1, $2${parameters})`, [uid, token, ...rest]);
  }

  function observe(uid: string, tables = TABLES, snapshot: number | null = null, timestamp: string | null = null) {
    return value<Observed>(pool(), "select pgtrickle_rewind.observe($1, $2, $3, $4)", [
      uid,
      tables,
      snapshot,
      timestamp,
    ]);
  }

  async function steps(uid: string): Promise<string[]> {
    return (await observe(uid)).steps.map(({ step, attempt, outcome }) => `${step} ${attempt} ${outcome}`);
  }

  beforeAll(async () => {
    await insertEvents(pool(), "click", 10);
    await createSummary(pool());
    await pool().query("create table public.notes (text text)");
  });

  beforeEach(async () => {
    await pool().query("truncate public.notes");
  });

  async function disconnectAll(): Promise<void> {
    for (const client of clients.splice(0)) await client.end().catch(() => {});
  }

  afterEach(async () => {
    await disconnectAll();
    await pool().query("select pgtrickle_rewind.orphan(uid, cluster) from pgtrickle_rewind.operations");
    await pool().query("select pgtrickle.resume_scheduler(array['event_summary'])");
  });

  return { trickle, pool, connect, disconnectAll, value, claim, claimed, call, observe, steps };
}
