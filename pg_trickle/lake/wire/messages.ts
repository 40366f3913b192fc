// What a client can say after startup, as data. Formats other than text are refused here: every type's text form is exact.
import { LakeError } from "../errors.ts";
import { BodyReader, type Frame, protocolViolation } from "./frames.ts";

export type ClientMessage =
  | { readonly kind: "query"; readonly sql: string }
  | { readonly kind: "parse"; readonly name: string; readonly sql: string; readonly parameterTypes: readonly number[] }
  | {
      readonly kind: "bind";
      readonly portal: string;
      readonly statement: string;
      readonly values: readonly (string | null)[];
    }
  | { readonly kind: "describe"; readonly target: "statement" | "portal"; readonly name: string }
  | { readonly kind: "execute"; readonly portal: string; readonly maxRows: number }
  | { readonly kind: "close"; readonly target: "statement" | "portal"; readonly name: string }
  | { readonly kind: "sync" }
  | { readonly kind: "flush" }
  | { readonly kind: "terminate" };

export function readMessage(frame: Frame): ClientMessage {
  const body = new BodyReader(frame.body);
  switch (frame.type) {
    case "Q":
      return { kind: "query", sql: body.cstring() };
    case "P":
      return readParse(body);
    case "B":
      return readBind(body);
    case "D":
      return { kind: "describe", target: readTarget(body), name: body.cstring() };
    case "E":
      return { kind: "execute", portal: body.cstring(), maxRows: body.int32() };
    case "C":
      return { kind: "close", target: readTarget(body), name: body.cstring() };
    case "S":
      return { kind: "sync" };
    case "H":
      return { kind: "flush" };
    case "X":
      return { kind: "terminate" };
    default:
      throw protocolViolation(`message of type ${JSON.stringify(frame.type)} is not understood`);
  }
}

function readTarget(body: BodyReader): "statement" | "portal" {
  const target = body.byte();
  if (target === "S") return "statement";
  if (target === "P") return "portal";
  throw protocolViolation(`invalid target ${JSON.stringify(target)}`);
}

function readParse(body: BodyReader): ClientMessage {
  const name = body.cstring();
  const sql = body.cstring();
  const parameterTypes = Array.from({ length: body.uint16() }, () => body.int32());
  return { kind: "parse", name, sql, parameterTypes };
}

function readBind(body: BodyReader): ClientMessage {
  const portal = body.cstring();
  const statement = body.cstring();
  requireText(body, "parameters");
  const values = Array.from({ length: body.uint16() }, () => readValue(body));
  requireText(body, "results");
  return { kind: "bind", portal, statement, values };
}

function readValue(body: BodyReader): string | null {
  const sizeBytes = body.int32();
  return sizeBytes === -1 ? null : body.bytes(sizeBytes).toString("utf8");
}

function requireText(body: BodyReader, what: string): void {
  const formats = Array.from({ length: body.uint16() }, () => body.int16());
  if (formats.every((format) => format === 0)) return;
  throw new LakeError("0A000", `binary format of ${what} is not supported`, { hint: "Use the text format." });
}
