/** Sessions that rest, with a real PostgreSQL: what they keep, what they forget, and whether they are noticed to be dead. */
import { Client } from "pg";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { postgresUrl } from "../../stack/postgres.ts";
import type { Session } from "./connection.ts";
import { type ConnectionSettings, connectionOf, isFailure } from "./secret.ts";
import { SessionPool } from "./session-pool.ts";

const url = postgresUrl(inject("postgres"), "postgres");
const open: Session[] = [];
let pool: SessionPool;

function settings(): ConnectionSettings {
  const parsed = connectionOf("default/db", { uri: url });
  if (isFailure(parsed)) throw new Error(parsed.message);
  return parsed;
}

async function session(name: string, signal?: AbortSignal): Promise<Session> {
  const opened = await pool.open(settings(), name, signal);
  open.push(opened);
  return opened;
}

const ask = (asked: Session, expression: string) => asked.value(`select (${expression})::text`, []);
const pid = (asked: Session) => ask(asked, "pg_backend_pid()");

beforeEach(() => {
  pool = new SessionPool();
});

afterEach(async () => {
  for (const opened of open.splice(0)) await opened.close();
});

describe("a session that rested", () => {
  it("is the next one of its database, under the next one's name", async () => {
    const first = await session("strw/a/operator");
    const backend = await pid(first);
    await pool.keep(settings(), first);
    const second = await session("strw/b/operator");
    expect(await pid(second)).toBe(backend);
    expect(await ask(second, "current_setting('application_name')")).toBe("strw/b/operator");
  });

  it("has forgotten what was set and locked in it", async () => {
    const first = await session("strw/a/operator");
    await first.value("select set_config('search_path', 'nowhere', false)", []);
    await first.value("select pg_advisory_lock(4711)", [], { timeoutMs: 60_000 });
    await first.run("create temporary table leftover ()");
    await first.run("prepare leftover as select 1");
    await pool.keep(settings(), first);
    const second = await session("strw/b/operator");
    expect(await ask(second, "current_setting('search_path')")).not.toBe("nowhere");
    expect(await ask(second, "current_setting('statement_timeout')")).toBe("10s");
    expect(await ask(second, "to_regclass('pg_temp.leftover')")).toBeNull();
    expect(await ask(second, "select count(*) from pg_prepared_statements where name = 'leftover'")).toBe("0");
    expect(await ask(second, "select count(*) from pg_locks where locktype = 'advisory' and objid = 4711")).toBe("0");
  });

  it("heeds the signal of its next user, and no more that of the one before", async () => {
    const [before, after] = [new AbortController(), new AbortController()];
    await pool.keep(settings(), await session("strw/a/operator", before.signal));
    const second = await session("strw/b/operator", after.signal);
    before.abort();
    expect(await ask(second, "1")).toBe("1");
    const running = second.run("select pg_sleep(60)");
    after.abort();
    await expect(running).rejects.toMatchObject({ name: "TransientError" });
  });

  it("is not given to two", async () => {
    await pool.keep(settings(), await session("strw/a/operator"));
    const [second, third] = [await session("strw/b/operator"), await session("strw/c/operator")];
    expect(await pid(second)).not.toBe(await pid(third));
  });

  it("is for nobody with other settings", async () => {
    const first = await session("strw/a/operator");
    const backend = await pid(first);
    await pool.keep(settings(), first);
    const other = await pool.open({ ...settings(), database: "template1" }, "strw/b/operator");
    open.push(other);
    expect(await pid(other)).not.toBe(backend);
  });

  it("is replaced if its backend has ended meanwhile", async () => {
    const first = await session("strw/a/operator");
    const backend = await pid(first);
    await pool.keep(settings(), first);
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query("select pg_terminate_backend($1, 5000)", [backend]);
    await client.end();
    const second = await session("strw/b/operator");
    expect(await pid(second)).not.toBe(backend);
  });
});
