// What the server can say, as bytes.
import type { LakeError } from "../errors.ts";

export interface FieldDescription {
  readonly name: string;
  readonly typeOid: number;
  readonly typeSize: number;
  readonly typeModifier: number;
}

export type TransactionStatus = "I" | "T" | "E";

const HEADER_BYTES = 5;

function message(type: string, body: Buffer): Buffer {
  const whole = Buffer.allocUnsafe(HEADER_BYTES + body.length);
  whole.write(type, 0, "latin1");
  whole.writeInt32BE(body.length + 4, 1);
  body.copy(whole, HEADER_BYTES);
  return whole;
}

const EMPTY = Buffer.alloc(0);

function cstrings(...texts: readonly string[]): Buffer {
  return Buffer.from(texts.map((text) => `${text.replaceAll("\0", "")}\0`).join(""), "utf8");
}

function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function int16(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

export const authenticationOk = (): Buffer => message("R", int32(0));
export const authenticationSasl = (mechanisms: readonly string[]): Buffer =>
  message("R", Buffer.concat([int32(10), cstrings(...mechanisms, "")]));
export const authenticationSaslContinue = (data: string): Buffer =>
  message("R", Buffer.concat([int32(11), Buffer.from(data)]));
export const authenticationSaslFinal = (data: string): Buffer =>
  message("R", Buffer.concat([int32(12), Buffer.from(data)]));
export const parameterStatus = (name: string, value: string): Buffer => message("S", cstrings(name, value));
export const backendKeyData = (processId: number, secret: number): Buffer =>
  message("K", Buffer.concat([int32(processId), int32(secret)]));
export const negotiateProtocolVersion = (options: readonly string[]): Buffer =>
  message("v", Buffer.concat([int32(196608), int32(options.length), cstrings(...options)]));
export const readyForQuery = (status: TransactionStatus): Buffer => message("Z", Buffer.from(status, "latin1"));
export const commandComplete = (tag: string): Buffer => message("C", cstrings(tag));
export const emptyQueryResponse = (): Buffer => message("I", EMPTY);
export const parseComplete = (): Buffer => message("1", EMPTY);
export const bindComplete = (): Buffer => message("2", EMPTY);
export const closeComplete = (): Buffer => message("3", EMPTY);
export const noData = (): Buffer => message("n", EMPTY);
export const portalSuspended = (): Buffer => message("s", EMPTY);

export function parameterDescription(types: readonly number[]): Buffer {
  return message("t", Buffer.concat([int16(types.length), ...types.map(int32)]));
}

export function rowDescription(fields: readonly FieldDescription[]): Buffer {
  const parts = fields.map((field) => {
    const fixed = Buffer.alloc(18);
    fixed.writeInt32BE(field.typeOid, 6);
    fixed.writeInt16BE(field.typeSize, 10);
    fixed.writeInt32BE(field.typeModifier, 12);
    return Buffer.concat([cstrings(field.name), fixed]);
  });
  return message("T", Buffer.concat([int16(fields.length), ...parts]));
}

export function errorResponse(error: LakeError, severity: "ERROR" | "FATAL"): Buffer {
  const fields = [`S${severity}`, `V${severity}`, `C${error.sqlState}`, `M${error.message}`];
  if (error.detail !== undefined) fields.push(`D${error.detail}`);
  if (error.hint !== undefined) fields.push(`H${error.hint}`);
  return message("E", cstrings(...fields, ""));
}
