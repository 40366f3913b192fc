import { describe, expect, test } from "vitest";
import { readCommand, splitStatements } from "./commands.ts";
import { ctidRun, readCtidStatement } from "./ctid-statements.ts";
import { carriesOperation, commitMessage, readMarker } from "./marker.ts";
import { Places } from "./places.ts";
import { Settings } from "./settings.ts";
import { type PlacesRun, StagedWrites } from "./staged-writes.ts";

describe("statements of a simple query", () => {
  test.each([
    ["rollback to savepoint s2; release savepoint s2", ["rollback to savepoint s2", "release savepoint s2"]],
    ["select ';' as a, \";\" from t -- ; \n; select 2", ["select ';' as a, \";\" from t -- ;", "select 2"]],
    ["select $$;$$, $x$ ; $x$, 1 - 2 / 3 /* ; */", ["select $$;$$, $x$ ; $x$, 1 - 2 / 3 /* ; */"]],
    ["select 'it''s; ok'", ["select 'it''s; ok'"]],
    [" ; ;", []],
  ])("%s", (sql, want) => {
    expect(splitStatements(sql)).toEqual(want);
  });

  test.each(["select 'open", 'select "open', "select /* open"])("%s is not closed", (sql) => {
    expect(() => splitStatements(sql)).toThrow(expect.objectContaining({ sqlState: "42601" }));
  });
});

describe("commands", () => {
  test.each([
    ["START TRANSACTION ISOLATION LEVEL REPEATABLE READ", { kind: "begin", serializable: false }],
    ["START TRANSACTION ISOLATION LEVEL SERIALIZABLE", { kind: "begin", serializable: true }],
    ["begin", { kind: "begin", serializable: false }],
    ["COMMIT TRANSACTION", { kind: "commit" }],
    ["ABORT TRANSACTION", { kind: "rollback" }],
    ["SAVEPOINT s2", { kind: "savepoint", name: "s2" }],
    ["ROLLBACK TO SAVEPOINT s2", { kind: "rollbackTo", name: "s2" }],
    ["RELEASE SAVEPOINT s2", { kind: "release", name: "s2" }],
    ["SET timezone = 'GMT'", { kind: "set", name: "timezone", value: "GMT", local: false }],
    ["SET LOCAL time zone 'Europe/Zurich'", { kind: "set", name: "timezone", value: "Europe/Zurich", local: true }],
    ["SET search_path = pg_catalog", { kind: "set", name: "search_path", value: "pg_catalog", local: false }],
    ["set datestyle to default", { kind: "set", name: "datestyle", value: null, local: false }],
    ["show time zone", { kind: "show", name: "timezone" }],
    ["DECLARE c1 CURSOR FOR\nSELECT 1", { kind: "declare", cursor: "c1", sql: "SELECT 1" }],
    ["FETCH 10000 FROM c1", { kind: "fetch", cursor: "c1", count: 10_000 }],
    ['fetch next from "C 1"', { kind: "fetch", cursor: "C 1", count: 1 }],
    ["CLOSE c1", { kind: "closeCursor", cursor: "c1" }],
    ["close all", { kind: "closeCursor", cursor: null }],
    ["DEALLOCATE ALL", { kind: "deallocate", name: null }],
    ["DEALLOCATE pgsql_fdw_prep_1", { kind: "deallocate", name: "pgsql_fdw_prep_1" }],
    ["discard all", { kind: "discard" }],
    ["starting", { kind: "query", sql: "starting" }],
    ["select 1", { kind: "query", sql: "select 1" }],
  ])("%s", (sql, want) => {
    expect(readCommand(sql)).toEqual(want);
  });
});

describe("changes by ctid", () => {
  test("are taken only in postgres_fdw's own form", () => {
    expect(readCtidStatement("DELETE FROM main.events WHERE ctid = $1")).toEqual({
      kind: "delete",
      table: "main.events",
      columns: [],
      parameters: [1],
    });
    expect(readCtidStatement('UPDATE main."My Events" SET value = $2, "a b" = $3 WHERE ctid = $1')).toEqual({
      kind: "update",
      table: "main.My Events",
      columns: ["value", "a b"],
      parameters: [1, 2, 3],
    });
  });

  test.each([
    "delete from main.events where value = 1 or ctid = $1",
    "delete from main.events where not ctid = $1",
    "update main.events set value = value + $2 where ctid = $1",
    "update main.events set value = (select 1), b = $2 where ctid = $1",
    "delete from engine.ping where ctid = $1",
    "delete from main.events using main.others where ctid = $1",
    "select 1 from main.events where ctid = $1",
  ])("%s goes to the planner", (sql) => {
    expect(readCtidStatement(sql)).toBeNull();
  });

  test("change the row at the place that the ctid stands for", () => {
    const places = new Places();
    const ctid = places.ctidOf("5::/data/a.parquet");
    const statement = readCtidStatement("update main.events set value = $2 where ctid = $1");
    expect(statement && ctidRun(statement, [ctid, null], (text) => places.placeOf(text))).toMatchObject({
      kind: "update",
      table: "main.events",
      columns: ["value"],
      rows: [[null]],
      places: [{ position: "5", file: { name: "/data/a.parquet" } }],
    });
  });
});

describe("the operation marker", () => {
  test.each([
    ["strw/abc-1/repair/2", { operation: "strw/abc-1/repair", uid: "abc-1", attempt: 2 }],
    ["strw/abc/repair", null],
    ["strw/a/b/repair/1", null],
    ["xstrw/abc/repair/1", null],
    ["strw/a'b/repair/1", null],
    ["psql", null],
  ])("of %s", (name, want) => {
    expect(readMarker(name)).toEqual(want);
  });

  test("is found only as the member of that name", () => {
    expect(carriesOperation('{"operation": "strw/a/repair", "attempt": 3}', "strw/a/repair")).toBe(true);
    expect(carriesOperation('{"operation":"strw/ab/repair"}', "strw/a/repair")).toBe(false);
    expect(carriesOperation('{"note":"strw/a/repair"}', "strw/a/repair")).toBe(false);
    expect(carriesOperation("strw/a/repair", "strw/a/repair")).toBe(false);
    expect(carriesOperation("null", "strw/a/repair")).toBe(false);
  });

  test("makes the commit message, and other names the author", () => {
    expect(commitMessage("lake", "strw/u/repair/1", "s")).toEqual({
      author: "lake",
      message: "StreamTableRewind repair u",
      extraInfo: '{"operation":"strw/u/repair","attempt":1}',
    });
    expect(commitMessage("lake", "postgres_fdw", "s")).toEqual({ author: "lake", message: "s", extraInfo: null });
    expect(commitMessage("lake", "nightly", "s")).toEqual({ author: "nightly", message: "s", extraInfo: null });
  });
});

describe("a session of PostgreSQL", () => {
  const named = (user: string, application: string) => `postgres_fdw\t${user}\t${application}`;
  const said = (name: string) => {
    const { author, message, extraInfo } = commitMessage("lake", name, "s");
    expect(extraInfo).toBeNull();
    return { author, message };
  };

  test.each([
    ["names user and application", named("ann", "psql"), { author: "ann", message: "psql: s" }],
    ["may have no application", named("ann", ""), { author: "ann", message: "s" }],
    [
      "may have any characters in its user's name",
      named("a\tb:c/%", "x: y"),
      { author: "a\tb:c/%", message: "x: y: s" },
    ],
    ["whose name was cut", named("ann", "a very long na"), { author: "ann", message: "a very long na: s" }],
    ["whose name was cut in the user", "postgres_fdw\tann-with-a-lo", { author: "ann-with-a-lo", message: "s" }],
  ])("%s", (_, name, want) => {
    expect(said(name)).toEqual(want);
  });

  test("is no repair, whatever it calls itself", () => {
    const marker = "strw/u/repair/1";
    for (const name of [
      named("ann", marker),
      named(marker, ""),
      named(`\n${marker}`, marker),
      named(`\t${marker}`, ""),
    ]) {
      expect(readMarker(name), name).toBeNull();
      said(name);
    }
    expect(said(named("ann", marker))).toEqual({ author: "ann", message: `${marker}: s` });
  });
});

describe("staged writes", () => {
  const insert = (...values: string[]) =>
    ({ kind: "insert", table: "main.t", columns: ["a"], rows: values.map((value) => [value]) }) as const;
  const places = new Places();
  const remove = (...positions: number[]): PlacesRun => {
    const found = positions.map((position) => places.placeOf(places.ctidOf(`${position}::/data/a.parquet`)));
    return { kind: "delete", table: "main.t", columns: [], rows: found.map(() => []), places: found };
  };
  const values = (staged: StagedWrites) =>
    staged.pending.map((run) => {
      if (run.kind === "change") return [run.sql];
      return run.kind === "insert" ? run.rows.map((row) => row[0]) : run.places.map(({ position }) => position);
    });

  test("of one table and kind become one run", () => {
    const staged = new StagedWrites();
    staged.add(insert("1"));
    staged.add(insert("2", "3"));
    staged.add(remove(9));
    staged.add(insert("4"));
    expect(values(staged)).toEqual([["1", "2", "3"], ["9"], ["4"]]);
    expect([staged.canReplay, staged.canRepeat]).toEqual([false, true]);
  });

  test("change a row once, as PostgreSQL does, until it has been changed", () => {
    const staged = new StagedWrites();
    expect([staged.add(remove(1, 2)), staged.add(remove(2, 3)), staged.add(remove(3))]).toEqual([2, 1, 0]);
    expect(values(staged)).toEqual([["1", "2", "3"]]);
    staged.truncate(1);
    expect([staged.add(remove(1)), staged.add(remove(2))]).toEqual([0, 1]);
    staged.applied();
    expect(staged.add(remove(1))).toBe(1);
  });

  test("and statements that were run are kept in order", () => {
    const staged = new StagedWrites();
    staged.add(insert("1"));
    staged.applied();
    staged.addChange({ kind: "change", table: "main.t", sql: "delete", count: 3 });
    staged.add(insert("2"));
    expect(values(staged)).toEqual([["2"]]);
    staged.unapply();
    expect(values(staged)).toEqual([["1"], ["delete"], ["2"]]);
    expect([staged.canReplay, staged.canRepeat]).toEqual([false, true]);
  });

  test("can be cut back to a mark, in the middle of a run too", () => {
    const staged = new StagedWrites();
    staged.add(insert("1", "2"));
    const mark = staged.mark();
    staged.add(insert("3"));
    staged.add(remove(9));
    staged.truncate(mark);
    expect(values(staged)).toEqual([["1", "2"]]);
    staged.truncate(0);
    expect(staged.isEmpty).toBe(true);
  });

  test("that were applied can be applied again", () => {
    const staged = new StagedWrites();
    staged.add(insert("1"));
    staged.applied();
    staged.add(insert("2"));
    expect(values(staged)).toEqual([["2"]]);
    staged.unapply();
    expect(values(staged)).toEqual([["1"], ["2"]]);
  });

  test("that are too many to keep are let go once applied", () => {
    const staged = new StagedWrites();
    staged.add(insert("x".repeat(70_000_000)));
    expect(staged.isLarge).toBe(true);
    staged.applied();
    const { canReplay, canRepeat, isEmpty, hasPending, isLarge } = staged;
    expect([canReplay, canRepeat, isEmpty, hasPending, isLarge]).toEqual([false, false, false, false, false]);
  });
});

describe("settings", () => {
  test("are accepted as postgres_fdw sets them", () => {
    const settings = new Settings();
    settings.set("search_path", "pg_catalog");
    settings.set("timezone", "GMT");
    settings.set("datestyle", "ISO");
    settings.set("intervalstyle", "postgres");
    settings.set("extra_float_digits", "3");
    expect(settings.get("timezone")).toBe("GMT");
  });

  test.each([
    ["datestyle", "German", "22023"],
    ["client_encoding", "LATIN1", "22023"],
    ["timezone", "Nowhere", "22023"],
    ["server_version", "9", "55P02"],
    ["lock_configuration", "false", "42704"],
  ])("%s = %s is refused with %s", (name, value, code) => {
    expect(() => new Settings().set(name, value)).toThrow(expect.objectContaining({ sqlState: code }));
  });

  test("made locally end with the transaction", () => {
    const settings = new Settings();
    settings.set("timezone", "Europe/Zurich", true);
    expect(settings.zone(0n)).toBe(3600);
    settings.endTransaction();
    expect([settings.get("timezone"), settings.zone(0n)]).toEqual(["UTC", 0]);
  });
});
