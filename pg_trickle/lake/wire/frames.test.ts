import { describe, expect, test } from "vitest";
import { BodyReader, FrameReader } from "./frames.ts";
import { readMessage } from "./messages.ts";
import * as reply from "./replies.ts";
import { readStartup } from "./startup.ts";

function frame(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type, 0, "latin1");
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

const int16 = (value: number) => Buffer.from([value >> 8, value & 255]);
const int32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const text = (value: string) => Buffer.from(`${value}\0`);

describe("frames", () => {
  const stream = Buffer.concat([
    frame("Q", text("select 1")),
    frame("S", Buffer.alloc(0)),
    frame("Q", text("x".repeat(300))),
  ]);

  test.each([1, 2, 3, 7, 64, 1000])("come out whole from pieces of %d bytes", (sizeBytes) => {
    const reader = new FrameReader();
    const seen: string[] = [];
    for (let at = 0; at < stream.length; at += sizeBytes) {
      reader.push(stream.subarray(at, at + sizeBytes));
      for (let next = reader.next(); next !== null; next = reader.next()) seen.push(next.type + next.body.length);
    }
    expect(seen).toEqual(["Q9", "S0", "Q301"]);
    expect(reader.bufferedBytes).toBe(0);
  });

  test("larger than the limit, or impossibly small, are protocol violations", () => {
    for (const length of [3, 0, -1, 70_000]) {
      const reader = new FrameReader();
      reader.push(Buffer.concat([Buffer.from("Q"), int32(length)]));
      expect(() => reader.next()).toThrow("invalid message length");
    }
  });

  test("of a startup have a limit of their own", () => {
    const reader = new FrameReader();
    reader.push(int32(10_001));
    expect(() => reader.startup()).toThrow("startup packet");
  });
});

describe("messages", () => {
  const cases = [
    { name: "a query", bytes: frame("Q", text("select 'ü'")), want: { kind: "query", sql: "select 'ü'" } },
    {
      name: "a parse",
      bytes: frame("P", Buffer.concat([text("s"), text("select $1"), int16(1), int32(25)])),
      want: { kind: "parse", name: "s", sql: "select $1", parameterTypes: [25] },
    },
    {
      name: "a bind with NULL and an empty text",
      bytes: frame(
        "B",
        Buffer.concat([
          text("p"),
          text("s"),
          int16(0),
          int16(3),
          int32(-1),
          int32(0),
          int32(2),
          Buffer.from("é"),
          int16(1),
          int16(0),
        ]),
      ),
      want: { kind: "bind", portal: "p", statement: "s", values: [null, "", "é"] },
    },
    { name: "a describe", bytes: frame("D", text("Pp")), want: { kind: "describe", target: "portal", name: "p" } },
    {
      name: "an execute",
      bytes: frame("E", Buffer.concat([text(""), int32(7)])),
      want: { kind: "execute", portal: "", maxRows: 7 },
    },
    { name: "a close", bytes: frame("C", text("Ss")), want: { kind: "close", target: "statement", name: "s" } },
    { name: "a sync", bytes: frame("S", Buffer.alloc(0)), want: { kind: "sync" } },
    { name: "a flush", bytes: frame("H", Buffer.alloc(0)), want: { kind: "flush" } },
    { name: "a terminate", bytes: frame("X", Buffer.alloc(0)), want: { kind: "terminate" } },
  ];

  test.each(cases)("$name is read", ({ bytes, want }) => {
    const reader = new FrameReader();
    reader.push(bytes);
    const found = reader.next();
    expect(found === null ? null : readMessage(found)).toEqual(want);
  });

  test.each([
    {
      name: "binary parameters",
      body: Buffer.concat([text(""), text(""), int16(1), int16(1), int16(0), int16(0)]),
      type: "B",
      code: "0A000",
    },
    {
      name: "more values than bytes",
      body: Buffer.concat([text(""), text(""), int16(0), int16(500), int32(4)]),
      type: "B",
      code: "08P01",
    },
    { name: "a text without end", body: Buffer.from("select 1"), type: "Q", code: "08P01" },
    { name: "an unknown type", body: Buffer.alloc(0), type: "F", code: "08P01" },
    { name: "an unknown target", body: text("Zx"), type: "D", code: "08P01" },
  ])("$name are refused with $code", ({ type, body, code }) => {
    expect(() => readMessage({ type, body })).toThrow(expect.objectContaining({ sqlState: code }));
  });
});

describe("startup packets", () => {
  test("ask for TLS, a cancel, or a session", () => {
    expect(readStartup(int32(80_877_103))).toEqual({ kind: "ssl" });
    expect(readStartup(int32(80_877_104))).toEqual({ kind: "gss" });
    expect(readStartup(Buffer.concat([int32(80_877_102), int32(7), int32(-9)]))).toEqual({
      kind: "cancel",
      processId: 7,
      secret: -9,
    });
    const start = readStartup(
      Buffer.concat([int32(196_608), text("user"), text("lake"), text("database"), text("x"), text("")]),
    );
    expect(start).toEqual({
      kind: "start",
      minor: 0,
      parameters: new Map([
        ["user", "lake"],
        ["database", "x"],
      ]),
    });
  });

  test("of another protocol, or without a user, are refused", () => {
    expect(() => readStartup(Buffer.concat([int32(131_072), text("")]))).toThrow("unsupported frontend protocol 2.0");
    expect(() => readStartup(Buffer.concat([int32(196_608), text("")]))).toThrow("no PostgreSQL user name");
  });
});

describe("replies", () => {
  test("carry their own length", () => {
    const bytes = reply.rowDescription([{ name: "n", typeOid: 20, typeSize: 8, typeModifier: -1 }]);
    expect(bytes.readInt32BE(1)).toBe(bytes.length - 1);
    const body = new BodyReader(bytes.subarray(5));
    expect([
      body.int16(),
      body.cstring(),
      body.int32(),
      body.int16(),
      body.int32(),
      body.int16(),
      body.int32(),
      body.int16(),
    ]).toEqual([1, "n", 0, 0, 20, 8, -1, 0]);
  });
});
