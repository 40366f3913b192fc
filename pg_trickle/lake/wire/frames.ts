// Frames of the PostgreSQL protocol 3.0 out of a byte stream: owns buffering and size limits, knows no message's meaning.
import { LakeError, SQL_STATE } from "../errors.ts";

export interface Frame {
  readonly type: string;
  readonly body: Buffer;
}

/** libpq's startup packets are a few hundred bytes; PostgreSQL's own limit is the same. */
const STARTUP_LIMIT_BYTES = 10_000;
const LENGTH_BYTES = 4;

export class FrameReader {
  #chunks: Buffer[] = [];
  #sizeBytes = 0;
  /** Small before authentication, so that a stranger cannot make the process hold much. */
  limitBytes = 64 * 1024;

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#sizeBytes += chunk.length;
  }

  get bufferedBytes(): number {
    return this.#sizeBytes;
  }

  /** A packet without type byte: the startup message or one of the special requests. */
  startup(): Buffer | null {
    if (this.#sizeBytes < LENGTH_BYTES) return null;
    const length = this.#peek(LENGTH_BYTES).readInt32BE(0);
    if (length < 8 || length > STARTUP_LIMIT_BYTES)
      throw protocolViolation(`invalid length of startup packet: ${length}`);
    return this.#sizeBytes < length ? null : this.#take(length).subarray(LENGTH_BYTES);
  }

  next(): Frame | null {
    if (this.#sizeBytes < LENGTH_BYTES + 1) return null;
    const head = this.#peek(LENGTH_BYTES + 1);
    const length = head.readInt32BE(1);
    if (length < LENGTH_BYTES || length > this.limitBytes) throw protocolViolation(`invalid message length: ${length}`);
    if (this.#sizeBytes < length + 1) return null;
    const type = String.fromCharCode(head[0] ?? 0);
    return { type, body: this.#take(length + 1).subarray(LENGTH_BYTES + 1) };
  }

  #peek(sizeBytes: number): Buffer {
    const first = this.#chunks[0];
    if (first !== undefined && first.length >= sizeBytes) return first;
    return this.#join();
  }

  #join(): Buffer {
    const whole = Buffer.concat(this.#chunks);
    this.#chunks = [whole];
    return whole;
  }

  #take(sizeBytes: number): Buffer {
    const first = this.#chunks[0];
    const source = first !== undefined && first.length >= sizeBytes ? first : this.#join();
    const rest = source.subarray(sizeBytes);
    if (rest.length > 0) this.#chunks[0] = rest;
    else this.#chunks.shift();
    this.#sizeBytes -= sizeBytes;
    return source.subarray(0, sizeBytes);
  }
}

export function protocolViolation(message: string): LakeError {
  return new LakeError(SQL_STATE.protocolViolation, message);
}

/** Reads the fields of one message; running out of bytes is a protocol violation, never a crash. */
export class BodyReader {
  readonly #body: Buffer;
  #position = 0;

  constructor(body: Buffer) {
    this.#body = body;
  }

  get remaining(): number {
    return this.#body.length - this.#position;
  }

  byte(): string {
    return this.bytes(1).toString("latin1");
  }

  int16(): number {
    return this.bytes(2).readInt16BE(0);
  }

  uint16(): number {
    return this.bytes(2).readUInt16BE(0);
  }

  int32(): number {
    return this.bytes(4).readInt32BE(0);
  }

  bytes(sizeBytes: number): Buffer {
    if (sizeBytes < 0 || this.remaining < sizeBytes) throw protocolViolation("insufficient data left in message");
    const start = this.#position;
    this.#position += sizeBytes;
    return this.#body.subarray(start, this.#position);
  }

  cstring(): string {
    const end = this.#body.indexOf(0, this.#position);
    if (end === -1) throw protocolViolation("invalid string in message");
    const text = this.#body.toString("utf8", this.#position, end);
    this.#position = end + 1;
    return text;
  }
}
