/** Lake tables that are refused by name, with the way out. */
import { beforeAll, describe, expect, test } from "vitest";
import { failureOf } from "../lake/testing/engine-client.ts";
import { ALICE, alice, BOB, bob, create, inLake, refusal, sql } from "./testing/made-lake-tables.ts";

describe("refused by name, with the way out:", () => {
  const TYPES =
    "there are boolean, smallint, integer, bigint, numeric(p,s) of up to 38 digits, real, double precision, text, uuid, date, time, timestamp, timestamptz, interval, bytea, json, and arrays of most of them";
  const COLUMN =
    "A column is a name of at most 63 bytes, a type of PostgreSQL's own, and NOT NULL if it must not be null. Defaults, constraints and collations are not for lake tables.";
  const LIST = "Write them as 'id bigint not null, total numeric(12,2), at timestamptz'.";
  const cases: readonly (readonly [
    name: string,
    columns: string | null,
    code: string,
    message: string,
    hint?: string,
  ])[] = [
    [
      "a.b.c",
      "id integer",
      "TR021",
      "'a.b.c' is not a name of a table",
      "Write orders, which is lake.orders, or the name with its schema.",
    ],
    ["x y", "id integer", "TR021", "'x y' is not a name of a table"],
    ["nowhere.t", "id integer", "3F000", "there is no schema nowhere", "Create it first."],
    ["pgtrickle_lake.t", "id integer", "TR021", "schema pgtrickle_lake is reserved", "Use another schema."],
    ["t".repeat(64), "id integer", "TR021", "a table needs a name of 1 to 63 bytes"],
    ["t", null, "TR021", "columns cannot be read: NULL", LIST],
    ["t", "", "TR021", "columns cannot be read: ''", LIST],
    ["t", "id integer,", "TR021", "columns cannot be read: 'id integer,'", LIST],
    ["t", "id integer,,b integer", "TR021", "columns cannot be read: 'id integer,,b integer'", LIST],
    ["t", "id numeric(1,1", "TR021", "columns cannot be read: 'id numeric(1,1'", LIST],
    ["t", "id", "TR021", "column cannot be read: 'id'", COLUMN],
    ["t", "id not null", "TR021", "column cannot be read: 'id not null'", COLUMN],
    ["t", "a.b integer", "TR021", "column cannot be read: 'a.b integer'", COLUMN],
    ["t", "id serial", "TR021", "column cannot be read: 'id serial'", COLUMN],
    ["t", "id public.mood", "TR021", "column cannot be read: 'id public.mood'", COLUMN],
    ["t", "id integer default 5", "TR021", "column cannot be read: 'id integer default 5'", COLUMN],
    ["t", "id integer primary key", "TR021", "column cannot be read: 'id integer primary key'", COLUMN],
    ["t", 'id text collate "C"', "TR021", "column cannot be read: 'id text collate \"C\"'", COLUMN],
    ["t", "id integer check (true)", "TR021", "column cannot be read: 'id integer check (true)'", COLUMN],
    [
      "t",
      "id integer); drop table public.order_total; --",
      "TR021",
      "columns cannot be read: 'id integer); drop table public.order_total; --'",
      LIST,
    ],
    ["t", `${"c".repeat(64)} integer`, "TR021", `column cannot be read: '${"c".repeat(64)} integer'`, COLUMN],
    ["t", "id integer, id text", "42701", 'column "id" specified more than once'],
    ["t", "ctid integer", "42701", 'column name "ctid" conflicts with a system column name'],
    [
      "t",
      'a integer, "A" text',
      "LT005",
      'columns "a" and "A" are one in a lake, which does not tell small letters from capital ones',
      "give one of them another name",
    ],
    [
      "t",
      "rowid integer",
      "LT005",
      'a lake table cannot have a column "rowid"',
      "the lake numbers its rows by that name; choose another one",
    ],
    [
      '"t@1"',
      "id integer",
      "LT005",
      'a lake table cannot be called "t@1"',
      "that is how the table before the @ is read at a snapshot; choose another name",
    ],
    [
      "t",
      "n numeric",
      "LT005",
      'column "n" is numeric, which a lake table cannot have',
      "give it digits, such as numeric(18,2): a lake has no others",
    ],
    ["t", "n numeric(39,0)", "LT005", 'column "n" is numeric(39,0), which a lake table cannot have', TYPES],
    ["t", "n numeric(5,-2)", "LT005", 'column "n" is numeric(5,-2), which a lake table cannot have', TYPES],
    [
      "t",
      "v varchar(10)",
      "LT005",
      'column "v" is character varying(10), which a lake table cannot have',
      "make it text: a lake does not limit the length of text",
    ],
    [
      "t",
      "v timestamp(3)",
      "LT005",
      'column "v" is timestamp(3) without time zone, which a lake table cannot have',
      TYPES,
    ],
    ["t", "v jsonb", "LT005", 'column "v" is jsonb, which a lake table cannot have', TYPES],
    ["t", "v bytea[]", "LT005", 'column "v" is bytea[], which a lake table cannot have', TYPES],
    ["t", "v pg_class", "LT005", 'column "v" is pg_class, which a lake table cannot have', TYPES],
  ];
  beforeAll(() => sql("create type public.mood as enum ('good', 'bad')"));
  test.each(cases)("%s (%s)", async (name, columns, code, message, hint) => {
    const error = await failureOf(alice.query("select pgtrickle.create_lake_table($1, $2)", [name, columns]));
    expect({ code: error.code, message: error.message }).toEqual({ code, message });
    if (hint !== undefined) expect(error.hint).toBe(hint);
    expect(await inLake("t")).toEqual([]);
  });

  test("a schema in which the caller may not create", async () => {
    await sql("create schema closed");
    expect(await refusal(alice, "closed.t", "id integer")).toMatchObject({
      code: "42501",
      message: "permission denied for schema closed",
      hint: `grant create on schema closed to "${ALICE}";`,
    });
  });

  test("a caller who is no member of pgtrickle_admin", async () => {
    await sql(`revoke pgtrickle_admin from ${BOB}`);
    expect(await refusal(bob, "t", "id integer")).toMatchObject({
      code: "42501",
      message: "permission denied for function create_lake_table",
    });
    await sql(`grant pgtrickle_admin to ${BOB}`);
  });

  test("nothing of it calls what a caller has put into the session", async () => {
    await alice.query("set search_path = public, pg_catalog");
    await alice.query(
      "create function public.to_regtype(text) returns regtype language plpgsql as $$ begin raise exception 'called'; end $$",
    );
    await create(alice, "quiet", "id integer");
    await alice.query("reset search_path");
    expect(await inLake("quiet")).toHaveLength(1);
  });
});
