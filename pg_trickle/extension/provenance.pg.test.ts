/** Who wrote a commit of the lake, and with what: as PostgreSQL knows it, not as the lake engine's one user. */
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSummary } from "../../test/support/summary-table.ts";
import { useTrickle } from "../../test/support/trickle.ts";
import { failureOf } from "../lake/testing/engine-client.ts";

const trickle = useTrickle();
const LONGEST = "a role whose name is as long as PostgreSQL lets it be: 63 bytes";
const ROLES = ["provenance_ann", "provenance_bob", 'tab\tand "quote" é', LONGEST] as const;
const [ANN, BOB, ODD] = ROLES;
const MARKER = "strw/1f0e-uid/repair/1";

const INSERT = "insert into lake.events values (gen_random_uuid(), 'click', 1, now())";

interface Session {
  readonly role: string;
  readonly applicationName?: string;
  readonly before?: string;
}

async function write({ role, applicationName = "", before = "" }: Session): Promise<void> {
  const url = new URL(trickle().url);
  const client = new Client({
    host: url.hostname,
    port: Number(url.port),
    database: trickle().name,
    user: role,
    password: "provenance",
    application_name: applicationName,
  });
  await client.connect();
  try {
    await client.query(before);
    await client.query(INSERT);
  } finally {
    await client.end();
  }
}

async function newest(count = 1) {
  const { rows } = await trickle()
    .pool()
    .query(
      "select author, commit_message, commit_extra_info from ducklake.ducklake_snapshot_changes order by snapshot_id desc limit $1",
      [count],
    );
  return rows.toReversed();
}

const said = (author: string, application: string) => ({
  author,
  commit_message: application === "" ? "changed main.events" : `${application}: changed main.events`,
  commit_extra_info: null,
});

beforeAll(async () => {
  await trickle()
    .pool()
    .query(`
    do $$ declare r text; begin
      foreach r in array array[${ROLES.map((role) => `'${role}'`).join(", ")}] loop
        execute format('create role %I login password ''provenance''', r);
        execute format('grant usage on schema lake to %I', r);
        execute format('grant select, insert on lake.events to %I', r);
      end loop;
    end $$`);
});

afterAll(async () => {
  const { rows } = await trickle()
    .pool()
    .query("select string_agg(quote_ident(r), ', ') as names from unnest($1::text[]) r", [ROLES]);
  await trickle().pool().query(`drop owned by ${rows[0].names}; drop role ${rows[0].names}`);
});

describe("a commit through lake.events", () => {
  test("shows the role that logged in and the application, whatever they are called", async () => {
    await write({ role: ANN, applicationName: "psql" });
    await write({ role: BOB, applicationName: "nightly import: v2" });
    await write({ role: ODD });
    await write({ role: ODD, applicationName: "x" });
    expect(await newest(4)).toEqual([
      said(ANN, "psql"),
      said(BOB, "nightly import: v2"),
      said(ODD, ""),
      said(ODD, "x"),
    ]);
  });

  test("never hides the role behind a long name", async () => {
    expect(Buffer.byteLength(LONGEST)).toBe(63);
    const application = "an application that explains itself at great length, and more so";
    await write({ role: LONGEST, applicationName: application });
    expect(await newest()).toEqual([said(LONGEST, application.slice(0, 63))]);
  });

  test("is the role's that logged in, also after set role", async () => {
    await trickle().pool().query(`grant ${BOB} to ${ANN}`);
    await write({ role: ANN, before: `set role ${BOB}` });
    expect(await newest()).toEqual([said(ANN, "")]);
  });

  test("is what an undone commit in the plan of a rewind says", async () => {
    const pool = trickle().pool();
    await createSummary(pool);
    const { rows: before } = await pool.query("select max(snapshot_id) as id from ducklake.ducklake_snapshot");
    await write({ role: ANN, applicationName: "psql" });
    await write({ role: BOB, applicationName: "nightly" });
    await pool.query("select pgtrickle.refresh('event_summary')");
    const { rows } = await pool.query("select pgtrickle.plan_rewind(array['event_summary'], $1) as plan", [
      before[0].id,
    ]);
    expect(rows[0].plan.commits_undone).toEqual([
      expect.objectContaining({ author: ANN, message: "psql: changed main.events" }),
      expect.objectContaining({ author: BOB, message: "nightly: changed main.events" }),
    ]);
  });
});

describe("the marker of a repair", () => {
  test("cannot be had by calling oneself so", async () => {
    await write({ role: ANN, applicationName: MARKER });
    await write({ role: ANN, applicationName: `\t${MARKER}` });
    await write({ role: ANN, applicationName: MARKER });
    const [first, tab, again] = await newest(3);
    expect(first).toEqual(said(ANN, MARKER));
    expect(tab).toMatchObject({ author: ANN, commit_extra_info: null });
    expect(again).toEqual(said(ANN, MARKER));
  });

  test("still goes before what the server's option says", async () => {
    const repair = { role: BOB, applicationName: "psql", before: `set postgres_fdw.application_name = '${MARKER}'` };
    await write(repair);
    expect(await newest()).toEqual([
      {
        author: "lake",
        commit_message: "StreamTableRewind repair 1f0e-uid",
        commit_extra_info: '{"operation":"strw/1f0e-uid/repair","attempt":1}',
      },
    ]);
    expect((await failureOf(write(repair))).message).toMatch(/has been committed to the lake already/);
  });
});
