/** pgtrickle.snapshots() tells how many rows a commit added and removed, or NULL; never another number, whatever maintenance has done. */
import { beforeAll, describe, expect, test } from "vitest";
import type { DuckdbClient } from "../../stack/ducklake.ts";
import { useTrickle } from "../../test/support/trickle.ts";
import { seededRandom } from "./testing/lake-work.ts";
import { useStreamTables } from "./testing/stream-tables.ts";

type Change = readonly [added: number, removed: number];
type Shown = readonly [added: number | null, removed: number | null];

const trickle = useTrickle();
const { sql, duckdb, head, create } = useStreamTables(trickle);
let second: DuckdbClient;
let made = 0;

beforeAll(async () => {
  second = await trickle().duckdb({ readOnly: false });
});

/** A lake table with a stream table on it, and what each commit truly did to its rows. */
class Table {
  readonly name: string;
  readonly truth = new Map<number, Change>();
  #next = 0;

  constructor(name: string) {
    this.name = name;
  }

  async commit(change: Change, ...statements: string[]): Promise<void> {
    for (const statement of statements) await duckdb().run(statement.replaceAll("T", `lake.main.${this.name}`));
    this.truth.set(await head(), change);
  }

  insert(from: number, to: number): Promise<void> {
    this.#next = to;
    return this.commit([to - from, 0], `insert into T select i, 'a' from range(${from}, ${to}) r(i)`);
  }

  async remove(where: string): Promise<void> {
    const count = await this.#count(where);
    if (count > 0) await this.commit([0, count], `delete from T where ${where}`);
  }

  async update(where: string): Promise<void> {
    const count = await this.#count(where);
    if (count > 0) await this.commit([count, count], `update T set k = 'b' where ${where}`);
  }

  async maintain(what: "flush" | "merge" | "rewrite"): Promise<void> {
    const call = {
      flush: `ducklake_flush_inlined_data('lake', table_name => '${this.name}')`,
      merge: `ducklake_merge_adjacent_files('lake', '${this.name}')`,
      rewrite: `ducklake_rewrite_data_files('lake', '${this.name}', delete_threshold => 0)`,
    }[what];
    await duckdb().run(`call ${call}`);
  }

  /** Some change, or some maintenance. */
  async work(random: () => number): Promise<void> {
    const below = (limit: number) => Math.floor(random() * limit);
    const size = 1 + below(random() < 0.6 ? 5 : 40);
    const first = below(Math.max(this.#next, 1));
    const some = `id between ${first} and ${first + size}`;
    const insert = () => this.insert(this.#next, this.#next + size);
    const works = [
      ...[insert, insert, insert, insert, () => this.remove(some), () => this.remove(some), () => this.update(some)],
      ...(["flush", "merge", "rewrite"] as const).map((what) => () => this.maintain(what)),
      () => expireSome(random),
    ];
    await works[below(works.length)]?.();
  }

  /** By commit, oldest first; a commit that has expired is not listed. */
  async shown(): Promise<Map<number, Shown>> {
    const { rows } = await sql(
      "select snapshot_id::int as id, rows_added::int as added, rows_removed::int as removed from pgtrickle.snapshots($1) order by 1",
      [`${this.name}_s`],
    );
    return new Map(
      rows.filter(({ id }) => this.truth.has(id)).map(({ id, added, removed }) => [id, [added, removed] as const]),
    );
  }

  async list(): Promise<Shown[]> {
    return [...(await this.shown()).values()];
  }

  /** The numbers that are shown and not true. */
  async wrong(): Promise<unknown[]> {
    return [...(await this.shown())].filter(([id, numbers]) =>
      numbers.some((number, side) => number !== null && number !== this.truth.get(id)?.[side]),
    );
  }

  async #count(where: string): Promise<number> {
    const [row] = await duckdb().rows(`select count(*) as n from lake.main.${this.name} where ${where}`);
    return Number(row?.["n"]);
  }
}

async function makeTable(inlined: number): Promise<Table> {
  made += 1;
  const name = `counted_${made}`;
  await duckdb().run(`create table lake.main.${name} (id integer, k varchar)`);
  await duckdb().run(`call lake.set_option('data_inlining_row_limit', ${inlined}, table_name => '${name}')`);
  await sql(
    `create foreign table lake.${name} (id int, k text) server lake options (schema_name 'main', table_name '${name}')`,
  );
  await create(`${name}_s`, `select k, count(*) as n from lake.${name} group by k`);
  return new Table(name);
}

/** Six rows, two deletions of one row each, an update of one. */
async function smallHistory(inlined: number): Promise<Table> {
  const table = await makeTable(inlined);
  await table.insert(0, 6);
  await table.remove("id = 1");
  await table.remove("id = 2");
  await table.update("id = 3");
  return table;
}

describe.each([{ guard: true }, { guard: false }])("with the guard $guard, the rows of a snapshot", ({ guard }) => {
  beforeAll(async () => {
    await sql("select pgtrickle.set_guard($1)", [guard]);
  });

  test("are known as long as the catalog holds them, and NULL where a flush has put several snapshots into a file", async () => {
    const table = await smallHistory(20);
    expect(await table.list()).toEqual([...table.truth.values()]);
    await table.maintain("flush");
    const flushed = [
      [null, 0],
      [0, null],
      [0, null],
      [null, null],
    ];
    expect(await table.list()).toEqual(flushed);
    await table.maintain("merge");
    expect(await table.list()).toEqual(flushed);
    await table.maintain("rewrite");
    expect(await table.list()).toEqual(flushed);
    await table.insert(10, 12);
    expect((await table.list()).at(-1)).toEqual([2, 0]);
  });

  test("are NULL where one file has the deletions of several, also after a rewrite", async () => {
    const table = await smallHistory(0);
    const numbers = [
      [6, 0],
      [0, null],
      [0, null],
      [1, null],
    ];
    expect(await table.list()).toEqual(numbers);
    await table.maintain("rewrite");
    expect(await table.list()).toEqual(numbers);
  });

  test("are NULL where a merge has put them into one file", async () => {
    const table = await makeTable(0);
    await table.insert(0, 3);
    await table.insert(3, 7);
    expect(await table.list()).toEqual([
      [3, 0],
      [4, 0],
    ]);
    await table.maintain("merge");
    expect(await table.list()).toEqual([
      [null, 0],
      [null, 0],
    ]);
  });

  test.each([{ isFlushed: false }, { isFlushed: true }])(
    "do not count those of a file again that were deleted before it went, flushed: $isFlushed",
    async ({ isFlushed }) => {
      const table = await makeTable(5);
      await table.insert(0, 30);
      await table.remove("id < 2");
      if (isFlushed) await table.maintain("flush");
      await table.commit([0, 28], "delete from T");
      expect(await table.list()).toEqual([
        [30, 0],
        [0, isFlushed ? null : 2],
        [0, 28],
      ]);
    },
  );

  test("are NULL where what they removed went with a snapshot that has expired", async () => {
    const table = await makeTable(0);
    await table.insert(0, 3);
    await table.insert(3, 7);
    await table.remove("id between 1 and 5 or id in (0, 6)");
    await table.insert(10, 11);
    const [, expired] = table.truth.keys();
    await duckdb().run(`call ducklake_expire_snapshots('lake', versions => [${expired}])`);
    expect(await table.list()).toEqual([
      [3, 0],
      [0, null],
      [1, 0],
    ]);
  });

  test("are NULL for all that went when the table was dropped", async () => {
    const table = await makeTable(20);
    await table.insert(0, 3);
    await table.commit([0, 3], "drop table T");
    expect(await table.list()).toEqual([
      [3, 0],
      [0, null],
    ]);
  });

  test("are not those of a deletion that another commit overtook", async () => {
    const table = await makeTable(0);
    await table.insert(0, 40);
    await table.remove("id < 3");
    await second.run("begin");
    await second.run(`delete from lake.main.${table.name} where id between 10 and 24`);
    await (await makeTable(0)).insert(0, 1);
    await second.run("commit");
    table.truth.set(await head(), [0, 15]);
    expect(await table.list()).toEqual([[40, 0], guard ? [0, 3] : [0, null], guard ? [0, 15] : [0, null]]);
  });

  test.each([1, 2, 3, 4, 5, 6])("are true or NULL at every step of random work, seed %i", async (seed) => {
    const table = await makeTable(10);
    const random = seededRandom(seed);
    for (let step = 0; step < 18; step += 1) {
      await table.work(random);
      expect(await table.wrong()).toEqual([]);
    }
  });
});

async function expireSome(random: () => number): Promise<void> {
  const { rows } = await sql(
    "select s.snapshot_id as id from ducklake.ducklake_snapshot s order by s.snapshot_id desc offset 1 limit 8",
  );
  const ids = rows.filter(() => random() < 0.3).map(({ id }) => id);
  if (ids.length > 0) await duckdb().run(`call ducklake_expire_snapshots('lake', versions => [${ids.join(", ")}])`);
}
