/** The two requests of a reflector: a complete list, and a watch from its version on. No retries of a watch here. */
import { errorOf } from "./api-answer.ts";
import type { Calls } from "./calls.ts";
import { isGone } from "./errors.ts";
import { resourcePath, withQuery } from "./paths.ts";
import type { RawStream, Transport } from "./transport.ts";
import type { KubeObject, Random, ResourceDefinition } from "./types.ts";

export interface Listing<T extends KubeObject> {
  readonly objects: readonly T[];
  readonly version: string;
}

export interface ListWatch<T extends KubeObject> {
  list(signal: AbortSignal): Promise<Listing<T>>;
  /** Throws ApiError unless the server began to stream. */
  watch(version: string, signal: AbortSignal): Promise<RawStream>;
}

export interface ListWatchOptions {
  readonly calls: Calls;
  readonly transport: Transport;
  readonly random: Random;
  readonly definition: ResourceDefinition;
  readonly namespace: string | undefined;
}

const PAGE_SIZE = 500;
const LIST_TIMEOUT_MS = 30_000;
/** Until the headers of a watch came. */
const OPEN_TIMEOUT_MS = 30_000;
const MAX_ERROR_BYTES = 64 * 1024;

interface Page {
  readonly items?: readonly unknown[];
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
}

async function textOf(stream: RawStream): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream.chunks) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_ERROR_BYTES) break;
  }
  return Buffer.concat(chunks).toString("utf8");
}

class HttpListWatch<T extends KubeObject> implements ListWatch<T> {
  readonly #options: ListWatchOptions;
  readonly #path: string;

  constructor(options: ListWatchOptions) {
    this.#options = options;
    this.#path = resourcePath(options.definition, { namespace: options.namespace });
  }

  async list(signal: AbortSignal): Promise<Listing<T>> {
    try {
      return await this.#pages(PAGE_SIZE, signal);
    } catch (error) {
      // the continue token grew too old between two pages: once more, in one piece
      if (!isGone(error)) throw error;
      return this.#pages(undefined, signal);
    }
  }

  async watch(version: string, signal: AbortSignal): Promise<RawStream> {
    // random, so that all watches of all operators don't end in the same second
    const timeoutSeconds = 240 + Math.floor(this.#options.random() * 61);
    const query = { watch: true, allowWatchBookmarks: true, resourceVersion: version, timeoutSeconds };
    const path = withQuery(this.#path, query);
    const stream = await this.#options.transport.stream({ verb: "GET", path, timeoutMs: OPEN_TIMEOUT_MS, signal });
    if (stream.status === 200) return stream;
    throw await this.#refusal(path, stream);
  }

  async #refusal(path: string, stream: RawStream): Promise<Error> {
    const { clock } = this.#options.calls;
    const patience = clock.after(OPEN_TIMEOUT_MS, () => stream.close());
    // a body that breaks off says less, the status is still true
    const body = await textOf(stream).catch(() => "");
    patience.cancel();
    return errorOf({ verb: "WATCH", path, status: stream.status, headers: stream.headers, body }, clock.now());
  }

  /** `resourceVersion` stays away from the query: a read from etcd, not from a cache of some API server. */
  async #pages(limit: number | undefined, signal: AbortSignal): Promise<Listing<T>> {
    const objects: T[] = [];
    const { calls, definition } = this.#options;
    for (let continueToken: string | undefined; ; ) {
      const path = withQuery(this.#path, { limit, continue: continueToken });
      const call = { resource: definition.plural, verb: "GET" as const, path, signal, timeoutMs: LIST_TIMEOUT_MS };
      const page = (await calls.send(call)) as Page;
      objects.push(...((page.items ?? []) as T[]));
      // all pages are of one version: the first one's
      const version = page.metadata?.resourceVersion;
      if (version === undefined) throw new TypeError(`${this.#path}: a list without resourceVersion`);
      continueToken = page.metadata?.continue || undefined;
      if (continueToken === undefined) return { objects, version };
    }
  }
}

export function createListWatch<T extends KubeObject>(options: ListWatchOptions): ListWatch<T> {
  return new HttpListWatch<T>(options);
}
