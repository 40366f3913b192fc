import { expect, test } from "vitest";
import { DataRowWriter } from "./data-rows.ts";
import { BodyReader, FrameReader } from "./frames.ts";

function read(bytes: Buffer): (string | null)[][] {
  const reader = new FrameReader();
  reader.limitBytes = 1e9;
  reader.push(bytes);
  const rows: (string | null)[][] = [];
  for (let frame = reader.next(); frame !== null; frame = reader.next()) {
    const body = new BodyReader(frame.body);
    rows.push(
      Array.from({ length: body.int16() }, () => {
        const sizeBytes = body.int32();
        return sizeBytes === -1 ? null : body.bytes(sizeBytes).toString("utf8");
      }),
    );
  }
  return rows;
}

test("rows come back as they were written, whatever their size", () => {
  const columns = [
    ["a", null, "ü日😀", ""],
    ["x".repeat(200_000), "é".repeat(70_000), null, "1"],
  ];
  const writer = new DataRowWriter();
  for (let row = 0; row < 4; row += 1) writer.row(columns, row);
  expect(read(writer.take())).toEqual([0, 1, 2, 3].map((row) => columns.map((column) => column[row])));
  expect(writer.take()).toHaveLength(0);
});
