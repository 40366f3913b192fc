/**
 * Tells people what happened to an object. The same thing again within minutes becomes a count in its series.
 * Written one after the other beside the work; what can't be written is dropped, since nothing relies on it.
 */
import { type Calls, MERGE_PATCH } from "./calls.ts";
import { ApiError, isConflict, isNotFound } from "./errors.ts";
import { type EventBody, eventBody, microTime, type ObjectReference, referenceOf, seriesKey } from "./event-body.ts";
import { resourcePath } from "./paths.ts";
import type { Clock, EventInput, EventRecorder, KubeObject, Logger, Random, ResourceDefinition } from "./types.ts";

const EVENTS: ResourceDefinition = { group: "events.k8s.io", version: "v1", plural: "events", kind: "Event" };

/** As in client-go: what comes later than this is a new event, not the old one again. */
const SERIES_MS = 6 * 60_000;
const MAX_SERIES = 1_000;
const MAX_PENDING = 200;

export interface EventRecorderOptions {
  readonly calls: Calls;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Kind of the objects that are reported on. */
  readonly definition: ResourceDefinition;
  /** Who tells, e.g. the name of the pod. */
  readonly reportingInstance: string;
}

interface Series {
  readonly regarding: ObjectReference;
  readonly input: EventInput;
  body: EventBody;
  /** How often it happened, and how many of these the API server knows of. */
  count: number;
  writtenCount: number;
  lastMs: number;
  lastTime: Date;
}

class SeriesEventRecorder implements EventRecorder {
  readonly #options: EventRecorderOptions;
  /** Longest not seen first. */
  readonly #series = new Map<string, Series>();
  readonly #pending = new Set<Series>();
  #writing: Promise<void> | undefined;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
  }

  record(regarding: KubeObject, input: EventInput): void {
    const reference = referenceOf(regarding, this.#options.definition);
    const key = seriesKey(reference, input);
    const series = this.#current(key) ?? this.#open(reference, input);
    series.count += 1;
    series.lastMs = this.#options.clock.monotonicMs();
    series.lastTime = this.#options.clock.now();
    this.#series.delete(key);
    this.#series.set(key, series);
    this.#prune();
    if (this.#pending.size < MAX_PENDING) this.#pending.add(series);
    this.#writing ??= this.#writeAll();
  }

  async flush(): Promise<void> {
    while (this.#writing) await this.#writing;
  }

  #current(key: string): Series | undefined {
    const series = this.#series.get(key);
    return series && this.#options.clock.monotonicMs() - series.lastMs < SERIES_MS ? series : undefined;
  }

  #open(regarding: ObjectReference, input: EventInput): Series {
    const { clock } = this.#options;
    const lastTime = clock.now();
    const body = this.#body(regarding, input, lastTime);
    return { regarding, input, body, count: 0, writtenCount: 0, lastMs: clock.monotonicMs(), lastTime };
  }

  #body(regarding: ObjectReference, input: EventInput, time: Date): EventBody {
    const { random, reportingInstance } = this.#options;
    const suffix =
      time.getTime().toString(16) +
      Math.floor(random() * 2 ** 32)
        .toString(16)
        .padStart(8, "0");
    return eventBody(regarding, input, { suffix, time, reportingInstance });
  }

  #prune(): void {
    for (const key of this.#series.keys()) {
      if (this.#series.size <= MAX_SERIES) return;
      this.#series.delete(key);
    }
  }

  async #writeAll(): Promise<void> {
    for (const series of this.#pending) {
      this.#pending.delete(series);
      try {
        await this.#write(series);
      } catch (err) {
        const { reason } = series.input;
        this.#options.logger.debug({ reason, err }, "an event could not be written");
      }
    }
    this.#writing = undefined;
  }

  async #write(series: Series): Promise<void> {
    const { count } = series;
    if (series.writtenCount === 0) await this.#create(series);
    if (count > 1) await this.#continue(series, count);
    series.writtenCount = count;
  }

  async #create(series: Series): Promise<void> {
    try {
      await this.#post(series.body);
    } catch (error) {
      // an answer that got lost: the name tells whether the first attempt went through
      if (isConflict(error)) return;
      if (error instanceof ApiError) throw error;
      await this.#post(series.body).catch((again: unknown) => {
        if (!isConflict(again)) throw again;
      });
    }
  }

  async #continue(series: Series, count: number): Promise<void> {
    const { name, namespace } = series.body.metadata;
    const body = { series: { count, lastObservedTime: microTime(series.lastTime) } };
    const path = resourcePath(EVENTS, { namespace, name });
    try {
      await this.#options.calls.send({ resource: "events", verb: "PATCH", path, body, contentType: MERGE_PATCH });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      // events live for an hour; this one is gone, its series begins anew
      series.body = this.#body(series.regarding, series.input, series.lastTime);
      series.count = 1;
      await this.#create(series);
    }
  }

  async #post(body: EventBody): Promise<void> {
    const path = resourcePath(EVENTS, { namespace: body.metadata.namespace });
    await this.#options.calls.send({ resource: "events", verb: "POST", path, body });
  }
}

export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  return new SeriesEventRecorder(options);
}
