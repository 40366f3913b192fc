// The document of a delta, checked, and the statements that bring its rows.
import { describe, expect, test } from "vitest";
import { ChangedRows } from "./changed-rows.ts";
import { readDeltaReads, readSealReads } from "./reads.ts";

const COLUMNS = [
  { name: "k", type: "VARCHAR" },
  { name: "v", type: "BIGINT" },
];

function document(members: Record<string, unknown> = {}): string {
  const columns = [
    { name: "k", id: 1, initial: null },
    { name: "v", id: 3, initial: "it's 7" },
  ];
  return JSON.stringify({ table: "main.t", files: [], columns, since: 4, consumed: 0, ...members });
}

function file(kind: string, members: Record<string, unknown> = {}) {
  return { kind, path: "main/t/a.parquet", relative: true, rows: 30, bytes: 900, dated: false, begin: 5, ...members };
}

function changed(files: unknown[]): ChangedRows {
  return new ChangedRows(readDeltaReads(document({ files })), COLUMNS, { dataPath: "/lake" });
}

describe("a document that is wrong is refused, naming what is wrong", () => {
  test.each([
    ["no JSON", "{", /not JSON/],
    ["a kind that there is not", document({ files: [file("moved")] }), /files\.0\.kind/],
    [
      "a negative position",
      document({ files: [file("changed", { new: { count: 0, positions: [-1] } })] }),
      /positions/,
    ],
    ["a member too many", document({ script: "x" }), /script/],
  ])("%s", (_name, text, message) => {
    expect(() => readDeltaReads(text)).toThrow(message);
  });

  test("of a seal too", () => {
    expect(() => readSealReads(JSON.stringify({ table: "main.t", files: [{ path: "" }] }))).toThrow(/files\.0/);
  });
});

describe("what is read", () => {
  test("a file that came is read by the ids of its columns, an added column with its first value", () => {
    const sql = changed([file("added")]).whole();
    expect(sql).toContain("read_parquet(['/lake/main/t/a.parquet']");
    expect(sql).toContain("1: {name: 'k', type: 'VARCHAR', default_value: null}");
    expect(sql).toContain("3: {name: 'v', type: 'BIGINT', default_value: 'it''s 7'}");
    expect(sql).not.toContain("not exists");
  });

  test("without what is deleted from it", () => {
    const rows = changed([file("added", { new: { path: "main/t/d.parquet", relative: true, count: 2, begin: 6 } })]);
    expect(rows.deletions.expected()).toEqual([{ file: 0, side: "new", count: 2 }]);
    expect(rows.deletions.select()).toContain("/lake/main/t/d.parquet");
    expect(rows.whole()).toContain("not exists");
  });

  test("few places are named one by one, which lets the rest of a file be left out", () => {
    const rows = changed([file("changed", { new: { count: 0, positions: [3, 9], snapshots: [7, 7] } })]);
    const place = { file: 0, count: 2, lowest: 3n, highest: 9n };
    expect(rows.fetches([{ ...place, positions: [3n, 9n] }])).toEqual([
      expect.stringContaining("r.file_row_number in (3, 9)"),
    ]);
    expect(rows.fetches([{ ...place, positions: [] }])).toEqual([
      expect.stringContaining("r.file_row_number between 3 and 9"),
    ]);
  });

  test("files with few places share a scan, up to so many positions", () => {
    const files = Array.from({ length: 5 }, () =>
      file("changed", { new: { count: 0, positions: [1], snapshots: [7] } }),
    );
    const places = files.map((_, index) => {
      const positions = Array.from({ length: 900 }, (_item, at) => BigInt(at + index));
      return { file: index, count: 900, lowest: 0n, highest: 999n, positions };
    });
    expect(changed(files).fetches(places)).toHaveLength(3);
  });

  test("a path outside of the data path is taken as it is, quoted", () => {
    const sql = changed([file("added", { relative: false, path: "/else/it's.parquet" })]).whole();
    expect(sql).toContain("'/else/it''s.parquet'");
  });

  test("a table without changes makes an empty table", () => {
    expect(changed([]).whole()).toContain("where false");
  });

  test("the names of our own columns give way to the table's", () => {
    const columns = [...COLUMNS, { name: "__sign", type: "BIGINT" }];
    const rows = new ChangedRows(readDeltaReads(document()), columns, { dataPath: "/lake" });
    expect(rows.signColumn).toBe("__sign_");
  });
});
