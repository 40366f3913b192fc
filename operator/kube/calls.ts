/** A call of the API server with everything that every call needs: timeout, retries by class, measurement, JSON. */
import { errorOf, parseObject } from "./api-answer.ts";
import { retryDelayMs } from "./call-retries.ts";
import { ApiError, CallAbortedError, CallTimeoutError, TransportError } from "./errors.ts";
import { sleep } from "./sleep.ts";
import type { Transport, Verb } from "./transport.ts";
import type { CallMeasurement, Clock, Random } from "./types.ts";

export const MERGE_PATCH = "application/merge-patch+json";

export interface CallsOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  /** Of one attempt. */
  readonly timeoutMs?: number;
  readonly measure?: ((measurement: CallMeasurement) => void) | undefined;
}

export interface ApiCall {
  /** Name of the kind for measurements: never a path, which would be a label without bounds. */
  readonly resource: string;
  readonly verb: Verb;
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal | undefined;
  /** Of one attempt; the default is for single objects. */
  readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 10_000;

function codeOf(error: unknown): string {
  if (error instanceof ApiError) return String(error.status);
  if (error instanceof CallTimeoutError) return "timeout";
  if (error instanceof CallAbortedError) return "aborted";
  return "transport";
}

export class Calls {
  readonly clock: Clock;
  readonly #options: CallsOptions;

  constructor(options: CallsOptions) {
    this.clock = options.clock;
    this.#options = options;
  }

  /** The object of a 2xx answer; everything else is thrown (errors.ts). */
  async send(call: ApiCall): Promise<Record<string, unknown>> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#measured(call);
      } catch (error) {
        const delayMs = retryDelayMs(call.verb === "GET", error, attempt, this.#options.random);
        if (delayMs === undefined) throw error;
        await sleep(this.clock, delayMs, call.signal);
        if (call.signal?.aborted) throw error;
      }
    }
  }

  async #measured(call: ApiCall): Promise<Record<string, unknown>> {
    const startedMs = this.clock.monotonicMs();
    let code = "200";
    try {
      return await this.#attempt(call);
    } catch (error) {
      code = codeOf(error);
      throw error;
    } finally {
      const durationMs = this.clock.monotonicMs() - startedMs;
      this.#options.measure?.({ verb: call.verb, resource: call.resource, code, durationMs });
    }
  }

  async #attempt(call: ApiCall): Promise<Record<string, unknown>> {
    const timeoutMs = call.timeoutMs ?? this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const answer = await this.#options.transport.call({ ...call, timeoutMs });
    if (answer.status < 200 || answer.status >= 300) throw errorOf({ ...call, ...answer }, this.clock.now());
    const object = parseObject(answer.body);
    if (!object) throw new TransportError(`${call.verb} ${call.path}: the answer is not JSON`, { sent: true });
    return object;
  }
}
