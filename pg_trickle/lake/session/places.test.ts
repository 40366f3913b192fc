import { describe, expect, test } from "vitest";
import { MAX_SPANS, Places } from "./places.ts";

describe("ctids", () => {
  test.each([
    ["0::/data/a.parquet", "0", "/data/a.parquet", ""],
    ["16777215::s3://bucket/a:b::c.parquet", "16777215", "s3://bucket/a:b::c.parquet", ""],
    ["16777216::/data/a.parquet", "16777216", "/data/a.parquet", ""],
    ["9999999999::/data/a.parquet", "9999999999", "/data/a.parquet", ""],
    ["7:12:ducklake_inlined_data_1_1", "7", "ducklake_inlined_data_1_1", "12"],
    ["1000000000000000021::__ducklake_local", "1000000000000000021", "__ducklake_local", ""],
    ["41::", "41", "", ""],
  ])("stand for the place %s", (text, position, name, snapshot) => {
    const places = new Places();
    places.ctidOf("3::/data/before.parquet");
    const ctid = places.ctidOf(text);
    expect(ctid).toMatch(/^\(\d{1,10},[1-9]\d*\)$/);
    expect(places.ctidOf(text)).toBe(ctid);
    expect(places.placeOf(ctid)).toMatchObject({ ctid, position, file: { name, snapshot } });
  });

  test("differ for each position, and take no memory for it", () => {
    const places = new Places();
    const seen = new Set<string>();
    for (let position = 0; position < 70_000; position += 1) seen.add(places.ctidOf(`${position}::/data/a.parquet`));
    expect(seen.size).toBe(70_000);
    expect(new Set([...seen].map((ctid) => places.placeOf(ctid).file)).size).toBe(1);
  });

  test("of an earlier transaction are unknown, not another row's", () => {
    const places = new Places();
    const ctid = places.ctidOf("5::/data/a.parquet");
    places.clear();
    places.ctidOf("5::/data/b.parquet");
    const unknown = expect.objectContaining({ sqlState: "22023", hint: expect.stringContaining("read the row again") });
    expect(() => places.placeOf(ctid)).toThrow(unknown);
    expect(() => places.placeOf("(1,1,1)")).toThrow(expect.objectContaining({ sqlState: "22P02" }));
    expect(() => places.placeOf(null)).toThrow(expect.objectContaining({ sqlState: "22P02" }));
  });

  test("are too many when they are in too many files", () => {
    const places = new Places();
    for (let file = 0; file < MAX_SPANS; file += 1) places.ctidOf(`0::/data/${file}.parquet`);
    const refused = expect.objectContaining({ sqlState: "54000", hint: expect.stringContaining("constants") });
    expect(() => places.ctidOf("0::/data/more.parquet")).toThrow(refused);
  });

  test("by row id alone are refused where others can have the same one", () => {
    const refused = expect.objectContaining({ sqlState: "LT005", hint: expect.stringContaining("rename the column") });
    expect(() => new Places().ctidOf("1000000000000000001::")).toThrow(refused);
  });

  test("of rows without a lasting place are not those of the same place in a later view", () => {
    const places = new Places();
    const [stored, local] = [places.ctidOf("1::/data/a.parquet"), places.ctidOf("1::__ducklake_local")];
    places.renew();
    expect(places.ctidOf("1::/data/a.parquet")).toBe(stored);
    expect(places.ctidOf("1::__ducklake_local")).not.toBe(local);
    expect([places.placeOf(local).file.view, places.view]).toEqual([1, 2]);
  });
});
