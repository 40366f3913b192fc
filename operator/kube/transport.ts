/**
 * One HTTP request, one answer, or one of the errors of errors.ts; no retries, no knowledge of Kubernetes objects.
 * Nothing waits for ever here: a call has a timeout for the whole of it, a stream one until its headers came.
 */
import http from "node:http";
import https from "node:https";
import type { Connection, Endpoint } from "./connection.ts";
import { CallAbortedError, CallTimeoutError, TransportError } from "./errors.ts";
import type { Clock } from "./types.ts";

export type Verb = "GET" | "POST" | "PATCH" | "DELETE";

export interface RawRequest {
  readonly verb: Verb;
  /** With its query, e.g. `/api/v1/namespaces?limit=5`. */
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface RawResponse {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

export interface RawStream {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** Throws TransportError if the connection breaks before the end of the body. */
  readonly chunks: AsyncIterable<Buffer>;
  close(): void;
}

export interface Transport {
  call(request: RawRequest): Promise<RawResponse>;
  stream(request: RawRequest): Promise<RawStream>;
}

interface Exchange {
  readonly response: http.IncomingMessage;
  destroy(): void;
}

function transportError(request: RawRequest, cause: unknown, sent: boolean): TransportError {
  const detail = cause instanceof Error ? cause.message : String(cause);
  return new TransportError(`${request.verb} ${request.path.split("?")[0]}: ${detail}`, { cause, sent });
}

function optionsOf(request: RawRequest, endpoint: Endpoint, body: string | undefined): https.RequestOptions {
  const headers: Record<string, string | number> = {
    Accept: "application/json",
    "User-Agent": "streamtable-rewind",
    ...endpoint.headers,
  };
  if (body !== undefined) {
    headers["Content-Type"] = request.contentType ?? "application/json";
    headers["Content-Length"] = Buffer.byteLength(body);
  }
  return { method: request.verb, headers, agent: endpoint.agent };
}

/** Resolves with the headers; the body is still to come. */
function exchange(request: RawRequest, endpoint: Endpoint, signal: AbortSignal): Promise<Exchange> {
  return new Promise((resolve, reject) => {
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    const client = endpoint.url.protocol === "http:" ? http : https;
    const outgoing = client.request(endpoint.url, optionsOf(request, endpoint, body));
    let sent = false;
    const abort = () => outgoing.destroy(new Error("aborted"));
    outgoing.once("socket", (socket) => {
      if (outgoing.reusedSocket) sent = true;
      else
        socket.once(endpoint.url.protocol === "http:" ? "connect" : "secureConnect", () => {
          sent = true;
        });
    });
    // stays for the whole life: an error after the answer reaches the reader of the body instead
    outgoing.on("error", (cause) => reject(transportError(request, cause, sent)));
    outgoing.once("response", (response) => resolve({ response, destroy: () => outgoing.destroy() }));
    outgoing.once("close", () => signal.removeEventListener("abort", abort));
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    outgoing.end(body);
  });
}

async function* chunksOf(request: RawRequest, response: http.IncomingMessage): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of response) yield chunk as Buffer;
  } catch (cause) {
    throw transportError(request, cause, true);
  }
}

async function readAll(request: RawRequest, response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of chunksOf(request, response)) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

/** The life of one exchange: ends by the caller's signal, by the timeout of its first phase, or by `end`. */
class Life {
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #request: RawRequest;
  readonly #abort = () => this.#controller.abort();
  #timedOut = false;

  constructor(request: RawRequest) {
    this.#request = request;
    this.signal = this.#controller.signal;
    request.signal?.addEventListener("abort", this.#abort, { once: true });
    if (request.signal?.aborted) this.#abort();
  }

  /** Rejects as soon as the life ends, even if `work` doesn't notice. */
  async within<T>(clock: Clock, work: () => Promise<T>): Promise<T> {
    const timer = clock.after(this.#request.timeoutMs, () => {
      this.#timedOut = true;
      this.#abort();
    });
    const ended = Promise.withResolvers<never>();
    const onAbort = () => ended.reject(new Error("aborted"));
    this.signal.addEventListener("abort", onAbort, { once: true });
    try {
      if (this.signal.aborted) throw new Error("aborted before it began");
      return await Promise.race([work(), ended.promise]);
    } catch (cause) {
      throw this.#named(cause);
    } finally {
      timer.cancel();
      this.signal.removeEventListener("abort", onAbort);
    }
  }

  /** Lets go of the caller's signal, which may live much longer. */
  release(): void {
    this.#request.signal?.removeEventListener("abort", this.#abort);
  }

  #named(cause: unknown): unknown {
    const what = `${this.#request.verb} ${this.#request.path.split("?")[0]}`;
    if (this.#timedOut) return new CallTimeoutError(`${what}: no answer in ${this.#request.timeoutMs} ms`, { cause });
    if (this.signal.aborted) return new CallAbortedError(`${what}: aborted`, { cause });
    return cause;
  }
}

class HttpTransport implements Transport {
  readonly #connection: Connection;
  readonly #clock: Clock;

  constructor(connection: Connection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
  }

  async call(request: RawRequest): Promise<RawResponse> {
    const life = new Life(request);
    try {
      return await life.within(this.#clock, async () => {
        const { response } = await exchange(request, await this.#endpoint(request), life.signal);
        const body = await readAll(request, response);
        return { status: response.statusCode ?? 0, headers: response.headers, body };
      });
    } finally {
      life.release();
    }
  }

  async stream(request: RawRequest): Promise<RawStream> {
    const life = new Life(request);
    try {
      const { response, destroy } = await life.within(this.#clock, async () =>
        exchange(request, await this.#endpoint(request), life.signal),
      );
      response.once("close", () => life.release());
      const chunks = chunksOf(request, response);
      return { status: response.statusCode ?? 0, headers: response.headers, chunks, close: destroy };
    } catch (error) {
      life.release();
      throw error;
    }
  }

  async #endpoint(request: RawRequest): Promise<Endpoint> {
    try {
      return await this.#connection.endpoint(request.path);
    } catch (cause) {
      throw transportError(request, cause, false);
    }
  }
}

export function createTransport(connection: Connection, clock: Clock): Transport {
  return new HttpTransport(connection, clock);
}
