import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Frame, FrameSplitter, firstMessage, StatementReader } from "./postgres-frames.ts";

function typed(type: string, payload: string): Buffer {
  const body = Buffer.from(payload);
  const header = Buffer.alloc(5);
  header.write(type, 0);
  header.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([header, body]);
}

function untyped(code: number, payload = ""): Buffer {
  const body = Buffer.from(payload);
  const header = Buffer.alloc(8);
  header.writeInt32BE(body.length + 8, 0);
  header.writeInt32BE(code, 4);
  return Buffer.concat([header, body]);
}

function all(splitter: FrameSplitter): Frame[] {
  const frames: Frame[] = [];
  for (let frame = splitter.next(); frame; frame = splitter.next()) frames.push(frame);
  return frames;
}

test("frames come out whole however the bytes are cut", () => {
  const frame = fc.record({ type: fc.constantFrom("Q", "P", "Z"), payload: fc.string({ maxLength: 20 }) });
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 6 }), fc.integer({ min: 1, max: 9 }), (frames, cut) => {
      const bytes = Buffer.concat(frames.map(({ type, payload }) => typed(type, payload)));
      const splitter = new FrameSplitter(true);
      const got: Frame[] = [];
      for (let start = 0; start < bytes.length; start += cut) {
        splitter.push(bytes.subarray(start, start + cut));
        got.push(...all(splitter));
      }
      expect(got.map(({ type, bytes: whole }) => [type, whole.subarray(5).toString()])).toEqual(
        frames.map(({ type, payload }) => [type, payload]),
      );
    }),
  );
});

test("the first message of a client has no type, the ones after its startup have", () => {
  const splitter = new FrameSplitter(false);
  splitter.push(Buffer.concat([untyped(80_877_103), untyped(196_608, "user\0x\0\0"), typed("Q", "select 1\0")]));
  const asked: string[] = [];
  for (let frame = splitter.next(); frame; frame = splitter.next()) {
    asked.push(frame.type || firstMessage(frame));
    if (asked.at(-1) === "startup") splitter.isTyped = true;
  }
  expect(asked).toEqual(["encryption", "startup", "Q"]);
  splitter.isTyped = false;
  splitter.push(untyped(80_877_102, "12345678"));
  expect(all(splitter).map(firstMessage)).toEqual(["cancel"]);
});

describe("statements", () => {
  const frame = (type: string, payload: string): Frame => ({ type, bytes: typed(type, payload) });

  test("of simple and of extended queries", () => {
    const reader = new StatementReader();
    expect(reader.read([frame("Q", "begin\0")])).toBe("begin");
    expect(
      reader.read([frame("P", "\0select $1\0\0\0"), frame("B", "\0\0rest"), frame("E", "\0"), frame("S", "")]),
    ).toBe("select $1");
  });

  test("that were prepared before", () => {
    const reader = new StatementReader();
    expect(reader.read([frame("P", "s1\0update t\0\0\0"), frame("S", "")])).toBe("");
    expect(reader.read([frame("B", "\0s1\0"), frame("E", "\0"), frame("S", "")])).toBe("update t");
  });
});
