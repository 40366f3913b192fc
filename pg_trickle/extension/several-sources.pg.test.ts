// A query over two lake tables: one frontier for both, and how a frontier edited by hand is checked.
import { beforeAll, expect, test } from "vitest";
import type { DuckdbClient } from "../../stack/ducklake.ts";
import { failure, insertEvents } from "../../test/support/summary-table.ts";
import { useTrickle } from "../../test/support/trickle.ts";

const trickle = useTrickle();
let duckdb: DuckdbClient;
const sql = (text: string, values: unknown[] = []) => trickle().pool().query(text, values);
const rows = async () => (await sql("select label, n::int from labelled order by label")).rows;
const frontier = async () =>
  (await sql("select frontier from pgtrickle.pgt_stream_tables where pgt_name = 'labelled'")).rows[0].frontier;
const edit = (events: number, labels: number) =>
  sql("update pgtrickle.pgt_stream_tables set frontier = $1 where pgt_name = 'labelled'", [
    JSON.stringify({
      sources: { "ducklake:lake.events": { snapshot_id: events }, "ducklake:lake.labels": { snapshot_id: labels } },
    }),
  ]);

beforeAll(async () => {
  duckdb = await trickle().duckdb({ readOnly: false });
  await duckdb.run("create table lake.labels (event_type varchar, label varchar)");
  await duckdb.run("insert into lake.labels values ('click', 'mouse')");
  await sql(
    "create foreign table lake.labels (event_type text, label text) server lake options (schema_name 'main', table_name 'labels')",
  );
  await insertEvents(trickle().pool(), "click", 2);
  await sql(
    `select pgtrickle.create_stream_table('labelled',
       'select l.label, count(*) as n from lake.events e join lake.labels l on l.event_type = e.event_type group by l.label', null, 'FULL')`,
  );
});

test("names both sources at one snapshot", async () => {
  const { sources } = await frontier();
  const head = sources["ducklake:lake.events"].snapshot_id;
  expect(sources).toEqual({
    "ducklake:lake.events": { snapshot_id: head },
    "ducklake:lake.labels": { snapshot_id: head },
  });
  expect(await rows()).toEqual([{ label: "mouse", n: 2 }]);
});

test("follows a change of either", async () => {
  await duckdb.run("insert into lake.labels values ('view', 'screen')");
  await insertEvents(trickle().pool(), "view", 3);
  await sql("select pgtrickle.refresh('labelled')");
  expect(await rows()).toEqual([
    { label: "mouse", n: 2 },
    { label: "screen", n: 3 },
  ]);
  await duckdb.run("update lake.labels set label = 'pointer' where label = 'mouse'");
  await sql("select pgtrickle.refresh('labelled')");
  expect((await rows())[0]).toEqual({ label: "pointer", n: 2 });
});

test("a mixed frontier is refused with the statement that works; together they go back", async () => {
  const at = (await frontier()).sources["ducklake:lake.events"].snapshot_id;
  await sql("select pgtrickle.pause_scheduler(array['labelled'])");
  const error = await failure(edit(at - 1, at));
  expect(error).toMatchObject({ code: "TR006", message: expect.stringContaining(`${at - 1} and ${at}`) });
  const statement = error.hint ?? "";
  expect(statement).toMatch(/^update pgtrickle\.pgt_stream_tables set frontier = /);
  await sql(statement);
  await edit(at - 1, at - 1);
  await sql("select pgtrickle.refresh('labelled', 'FULL')");
  expect((await rows())[0]).toEqual({ label: "mouse", n: 2 });
  await sql("select pgtrickle.resume_scheduler(array['labelled'])");
  await sql("select pgtrickle.refresh('labelled')");
  expect((await rows())[0]).toEqual({ label: "pointer", n: 2 });
});

test("joined by other than equal columns it is not kept by changes: said so, with a reason", async () => {
  const error = await failure(
    sql(
      "select pgtrickle.create_stream_table('refused', 'select l.label, count(*) as n from lake.events e join lake.labels l on l.event_type < e.event_type group by l.label', null, 'DIFFERENTIAL')",
    ),
  );
  expect(error).toMatchObject({
    code: "TR009",
    detail: expect.stringMatching(/^LI\d{3}/),
    hint: expect.stringContaining("FULL"),
  });
});

test("without the engine, it is said to be unreachable, and a new stream table leaves nothing", async () => {
  await trickle().lake.kill();
  const error = await failure(
    sql("select pgtrickle.create_stream_table('late', 'select event_type, count(*) as n from lake.events group by 1')"),
  );
  expect(error.code).toBe("TR014");
  expect(await failure(sql("select pgtrickle.refresh('labelled', 'FULL')"))).toMatchObject({
    code: "TR014",
    hint: expect.any(String),
  });
  expect((await sql("select to_regclass('late') is null as gone")).rows).toEqual([{ gone: true }]);
  await trickle().restartLake();
});
