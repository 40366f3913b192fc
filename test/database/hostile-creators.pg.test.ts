/** What a member of pgtrickle_admin could try in order to have its own code run with the rights of the extension's owner. */
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { failure, insertEvents } from "../support/summary-table.ts";
import { useTrickle } from "../support/trickle.ts";

const trickle = useTrickle();
const ROLE = `creator_${process.pid}`;
let creator: Client;

async function connect(): Promise<Client> {
  const url = new URL(trickle().url);
  url.username = ROLE;
  url.password = "creator";
  const client = new Client({ connectionString: url.href });
  await client.connect();
  return client;
}

/** As whom the creator's own function has run. */
async function ranAs(): Promise<string[]> {
  const { rows } = await trickle().pool().query<{ who: string }>("select distinct who from hostile.seen");
  return rows.map((row) => row.who).filter((who) => who !== ROLE);
}

beforeAll(async () => {
  const pool = trickle().pool();
  await insertEvents(pool, "click", 10);
  await pool.query(`create role ${ROLE} login password 'creator' in role pgtrickle_admin`);
  await pool.query(`create schema hostile authorization ${ROLE}`);
  await pool.query(`grant usage on schema lake to ${ROLE}; grant select on lake.events to ${ROLE}`);
  creator = await connect();
  await creator.query(`
    create table hostile.seen (who text);
    grant insert on hostile.seen to public;
    create function hostile.spy(anyelement) returns boolean language plpgsql as
      $$ begin insert into hostile.seen values (current_user); return true; end $$`);
});

afterAll(async () => {
  await creator.end();
  const pool = trickle().pool();
  await pool.query(
    "select pgtrickle.drop_stream_table(format('%I.%I', pgt_schema, pgt_name)) from pgtrickle.pgt_stream_tables",
  );
  await pool.query(`drop owned by ${ROLE} cascade`);
  await pool.query(`drop role ${ROLE}`);
});

describe("what is not PostgreSQL's own", () => {
  test.each([
    [
      "a domain that has the name of a type of the lake engine",
      "create domain pg_temp.tinyint as bigint check (hostile.spy(value))",
      "value::pg_temp.tinyint",
    ],
    [
      "a domain in another schema",
      "create domain hostile.tinyint as bigint check (hostile.spy(value))",
      "value::hostile.tinyint",
    ],
    [
      "an operator",
      "create function hostile.plus(bigint, bigint) returns bigint language plpgsql immutable as $$ begin perform hostile.spy(1); return $1; end $$; create operator hostile.+ (leftarg = bigint, rightarg = bigint, function = hostile.plus)",
      "value operator(hostile.+) value",
    ],
  ])("cannot be in a query: %s", async (_name, definition, expression) => {
    await creator.query(definition);
    const query = `select ${expression} as v, count(*) as n from lake.events group by 1`;
    const { code, detail } = await failure(
      creator.query("select pgtrickle.create_stream_table('hostile', 'mine', $1, null, 'FULL')", [query]),
    );
    expect({ code, detail }).toEqual({ code: "TR009", detail: "USER_OBJECT" });
    expect(await ranAs()).toEqual([]);
  });
});
