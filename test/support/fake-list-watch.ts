/** An API server in memory for reflectors: a list, a version that counts on, and watches that a test may break. */
import { ApiError, TransportError } from "../../operator/kube/errors.ts";
import type { Listing, ListWatch } from "../../operator/kube/list-watch.ts";
import { keyOf } from "../../operator/kube/paths.ts";
import type { RawStream } from "../../operator/kube/transport.ts";
import type { Key } from "../../operator/kube/types.ts";
import { makeWidget, type Widget } from "./make-object.ts";

interface Change {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: Widget;
}

/** A queue of chunks that ends or breaks. */
export class FakeStream implements RawStream {
  readonly status = 200;
  readonly headers = {};
  #waiting = Promise.withResolvers<void>();
  #pending: Buffer[] = [];
  #end: "open" | "ended" | Error = "open";

  get chunks(): AsyncIterable<Buffer> {
    return this.#read();
  }

  push(text: string): void {
    if (this.#end !== "open") return;
    this.#pending.push(Buffer.from(text));
    this.#waiting.resolve();
  }

  send(type: string, object: object): void {
    this.push(`${JSON.stringify({ type, object })}\n`);
  }

  end(): void {
    this.#finish("ended");
  }

  break(error: Error = new TransportError("reset", { sent: true })): void {
    this.#finish(error);
  }

  close(): void {
    this.break();
  }

  #finish(end: "ended" | Error): void {
    if (this.#end !== "open") return;
    this.#end = end;
    this.#waiting.resolve();
  }

  async *#read(): AsyncGenerator<Buffer> {
    while (true) {
      await this.#waiting.promise;
      this.#waiting = Promise.withResolvers<void>();
      const chunks = this.#pending;
      this.#pending = [];
      yield* chunks;
      if (this.#end === "ended") return;
      if (this.#end !== "open") throw this.#end;
    }
  }
}

export class FakeListWatch implements ListWatch<Widget> {
  readonly objects = new Map<Key, Widget>();
  readonly open = new Set<FakeStream>();
  listCount = 0;
  watchVersions: string[] = [];
  /** Thrown by the next calls, one each. */
  readonly listErrors: Error[] = [];
  readonly watchErrors: Error[] = [];
  /** Changes that no watch delivers. */
  isDeaf = false;
  #version = 10;
  #changes: Change[] = [];

  async list(): Promise<Listing<Widget>> {
    this.listCount += 1;
    const error = this.listErrors.shift();
    if (error) throw error;
    return { objects: [...this.objects.values()], version: String(this.#version) };
  }

  async watch(version: string, signal: AbortSignal): Promise<FakeStream> {
    this.watchVersions.push(version);
    const error = this.watchErrors.shift();
    if (error) throw error;
    const stream = new FakeStream();
    this.open.add(stream);
    signal.addEventListener("abort", () => stream.break(), { once: true });
    for (const { type, object } of this.#changes) {
      if (Number(object.metadata.resourceVersion) > Number(version)) stream.send(type, object);
    }
    return stream;
  }

  set(name: string): void {
    const key = `default/${name}`;
    const type = this.objects.has(key) ? "MODIFIED" : "ADDED";
    const object = makeWidget({ name, resourceVersion: this.#next() });
    this.objects.set(keyOf(object), object);
    this.#tell({ type, object });
  }

  delete(name: string): void {
    this.objects.delete(`default/${name}`);
    this.#tell({ type: "DELETED", object: makeWidget({ name, resourceVersion: this.#next() }) });
  }

  bookmark(): void {
    for (const stream of this.open) stream.send("BOOKMARK", { metadata: { resourceVersion: String(this.#version) } });
  }

  /** What etcd's compaction does: versions from before can't be watched any more. */
  compact(): void {
    this.#changes = [];
  }

  #next(): string {
    this.#version += 1;
    return String(this.#version);
  }

  #tell(change: Change): void {
    if (this.isDeaf) return;
    this.#changes.push(change);
    for (const stream of this.open) stream.send(change.type, change.object);
  }
}

export function apiError(status: number, retryAfterMs?: number): ApiError {
  return new ApiError({ verb: "WATCH", path: "/x", status, reason: "R", message: "m", retryAfterMs });
}
