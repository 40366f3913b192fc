/**
 * Bytes of a watch into its events: pure. A line that is not an event ends the stream (BadLineError): to skip it would be to
 * miss a change without anybody knowing.
 */
import type { KubeObject } from "./types.ts";

export class BadLineError extends Error {
  override readonly name = "BadLineError";
}

export type WatchEvent<T extends KubeObject> =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: T }
  | { readonly type: "BOOKMARK"; readonly resourceVersion: string }
  | { readonly type: "ERROR"; readonly code: number; readonly reason: string; readonly message: string };

/** etcd takes no object above 1.5 MiB by default; a longer line is not one. */
const MAX_LINE_BYTES = 8 * 1024 * 1024;
const NEWLINE = 0x0a;

export class LineSplitter {
  #rest: Buffer[] = [];
  #restBytes = 0;

  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      this.#keep(chunk.subarray(start, end));
      lines.push(this.#take());
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
    return lines.filter((line) => line.trim() !== "");
  }

  /** Throws if the stream ended in the middle of a line. */
  end(): void {
    if (this.#take().trim() !== "") throw new BadLineError("the watch ended in the middle of a line");
  }

  #keep(bytes: Buffer): void {
    this.#restBytes += bytes.length;
    if (this.#restBytes > MAX_LINE_BYTES)
      throw new BadLineError(`a line of the watch is above ${MAX_LINE_BYTES} bytes`);
    if (bytes.length > 0) this.#rest.push(bytes);
  }

  #take(): string {
    const line = Buffer.concat(this.#rest).toString("utf8");
    this.#rest = [];
    this.#restBytes = 0;
    return line;
  }
}

interface RawEvent {
  readonly type?: unknown;
  readonly object?: unknown;
}

interface RawObject {
  readonly metadata?: { readonly name?: unknown; readonly uid?: unknown; readonly resourceVersion?: unknown };
}

function parseJson(line: string): RawEvent {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === "object" && value !== null) return value;
  } catch (cause) {
    throw new BadLineError(`a line of the watch is not JSON: ${line.slice(0, 80)}`, { cause });
  }
  throw new BadLineError(`a line of the watch is no object: ${line.slice(0, 80)}`);
}

function text(value: unknown, what: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw new BadLineError(`an event of the watch has no ${what}`);
}

function errorEvent<T extends KubeObject>(object: Record<string, unknown>): WatchEvent<T> {
  const { code, reason, message } = object;
  return {
    type: "ERROR",
    code: typeof code === "number" ? code : 500,
    reason: typeof reason === "string" ? reason : "Unknown",
    message: typeof message === "string" ? message : "",
  };
}

export function parseWatchEvent<T extends KubeObject>(line: string): WatchEvent<T> {
  const { type, object } = parseJson(line);
  if (typeof object !== "object" || object === null) throw new BadLineError("an event of the watch has no object");
  const metadata = (object as RawObject).metadata;
  switch (type) {
    case "ADDED":
    case "MODIFIED":
    case "DELETED":
      text(metadata?.name, "name");
      text(metadata?.uid, "uid");
      text(metadata?.resourceVersion, "resourceVersion");
      return { type, object: object as T };
    case "BOOKMARK":
      return { type, resourceVersion: text(metadata?.resourceVersion, "resourceVersion") };
    case "ERROR":
      return errorEvent(object as Record<string, unknown>);
    default:
      throw new BadLineError(`the watch has an event of unknown type ${String(type)}`);
  }
}
