import fc from "fast-check";
import { expect, test } from "vitest";
import { makeWidget, type Widget } from "../../test/support/make-object.ts";
import { BadLineError, LineSplitter, parseWatchEvent } from "./line-parser.ts";

test("lines come out whole however the bytes are cut", () => {
  const texts = fc.array(
    fc.string({ unit: "grapheme" }).map((text) => JSON.stringify(text)),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(texts, fc.infiniteStream(fc.integer({ min: 1, max: 7 })), (lines, cuts) => {
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
      const splitter = new LineSplitter();
      const got: string[] = [];
      for (let start = 0; start < bytes.length; ) {
        const end = start + (cuts.next().value ?? 1);
        got.push(...splitter.push(bytes.subarray(start, end)));
        start = end;
      }
      splitter.end();
      expect(got).toEqual(lines);
    }),
  );
});

test("a stream that ends in the middle of a line is broken", () => {
  const splitter = new LineSplitter();
  expect(splitter.push(Buffer.from('{"a":1}\n{"b"'))).toEqual(['{"a":1}']);
  expect(() => splitter.end()).toThrow(BadLineError);
});

test("a line without end is refused before it fills the memory", () => {
  const splitter = new LineSplitter();
  const chunk = Buffer.alloc(1024 * 1024, "x");
  expect(() => {
    for (let i = 0; i < 20; i += 1) splitter.push(chunk);
  }).toThrow(BadLineError);
});

test("events are recognised", () => {
  const object = makeWidget();
  expect(parseWatchEvent<Widget>(JSON.stringify({ type: "ADDED", object }))).toEqual({ type: "ADDED", object });
  const bookmark = { type: "BOOKMARK", object: { metadata: { resourceVersion: "7" } } };
  expect(parseWatchEvent(JSON.stringify(bookmark))).toEqual({ type: "BOOKMARK", resourceVersion: "7" });
  const error = { type: "ERROR", object: { code: 410, reason: "Expired", message: "too old" } };
  expect(parseWatchEvent(JSON.stringify(error))).toEqual({
    type: "ERROR",
    code: 410,
    reason: "Expired",
    message: "too old",
  });
});

test.each([
  ["not JSON", "{"],
  ["no object", "[]"],
  ["a null", "null"],
  ["no type", '{"object":{}}'],
  ["unknown type", '{"type":"PATCHED","object":{}}'],
  ["no object inside", '{"type":"ADDED"}'],
  ["no version", '{"type":"ADDED","object":{"metadata":{"name":"a","uid":"b"}}}'],
  ["no metadata", '{"type":"MODIFIED","object":{}}'],
])("%s ends the stream", (_case, line) => {
  expect(() => parseWatchEvent(line)).toThrow(BadLineError);
});
