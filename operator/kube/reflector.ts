/**
 * A cache of one kind that stays equal to the API server, whatever happens in between. One loop a watched namespace (or one
 * for the whole cluster), one store over all of them.
 *
 * Not client-node's informer: that one ends for good at a single 503 or TCP reset, and may open a watch after stop().
 */
import type { ListWatch } from "./list-watch.ts";
import { splitKey } from "./paths.ts";
import { ScopeLoop } from "./scope-loop.ts";
import { ObjectStore } from "./store.ts";
import type { Clock, Key, KubeObject, Logger, Random, Reflector, ReflectorMeasurements, Store } from "./types.ts";

export interface ReflectorOptions<T extends KubeObject> {
  /** Name of the kind for logs and measurements. */
  readonly resource: string;
  /** Empty: all namespaces. */
  readonly namespaces: readonly string[];
  readonly sourceOf: (namespace: string | undefined) => ListWatch<T>;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly measurements: ReflectorMeasurements;
  readonly relistMs?: number;
  readonly graceMs?: number;
}

const RELIST_MS = 10 * 60_000;
const GRACE_MS = 2_000;

interface Scope<T extends KubeObject> {
  readonly namespace: string | undefined;
  readonly source: ListWatch<T>;
  readonly store: ObjectStore<T>;
  hasSynced: boolean;
}

class ScopedStore<T extends KubeObject> implements Store<T> {
  readonly #scopes: ReadonlyMap<string | undefined, Scope<T>>;

  constructor(scopes: ReadonlyMap<string | undefined, Scope<T>>) {
    this.#scopes = scopes;
  }

  get size(): number {
    return [...this.#scopes.values()].reduce((sum, { store }) => sum + store.size, 0);
  }

  get(key: Key): T | undefined {
    const scope = this.#scopes.get(splitKey(key).namespace) ?? this.#scopes.get(undefined);
    return scope?.store.get(key);
  }

  list(): readonly T[] {
    return [...this.#scopes.values()].flatMap(({ store }) => store.list());
  }
}

/** One generation between start and stop: its signal is what keeps anything of it from starting later. */
interface Generation<T extends KubeObject> {
  readonly controller: AbortController;
  readonly loops: readonly ScopeLoop<T>[];
  readonly ended: Promise<unknown>;
}

class ListWatchReflector<T extends KubeObject> implements Reflector<T> {
  readonly store: Store<T>;
  readonly #options: ReflectorOptions<T>;
  readonly #scopes: ReadonlyMap<string | undefined, Scope<T>>;
  readonly #handlers = new Set<(key: Key) => void>();
  readonly #synced = Promise.withResolvers<void>();
  #generation: Generation<T> | undefined;
  #missCount = 0;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    const namespaces = options.namespaces.length === 0 ? [undefined] : [...new Set(options.namespaces)];
    this.#scopes = new Map(namespaces.map((namespace) => [namespace, this.#scopeOf(namespace)]));
    this.store = new ScopedStore(this.#scopes);
  }

  start(): void {
    if (this.#generation) return;
    const controller = new AbortController();
    const loops = [...this.#scopes.values()].map((scope) => this.#loopOf(scope));
    const ended = Promise.all(loops.map((loop) => loop.run(controller.signal)));
    this.#generation = { controller, loops, ended };
  }

  async stop(): Promise<void> {
    const generation = this.#generation;
    this.#generation = undefined;
    generation?.controller.abort();
    await generation?.ended;
  }

  hasSynced(): boolean {
    return [...this.#scopes.values()].every(({ hasSynced }) => hasSynced);
  }

  waitForSync(signal?: AbortSignal): Promise<void> {
    if (!signal) return this.#synced.promise;
    return new Promise((resolve, reject) => {
      const abort = () => reject(signal.reason);
      if (signal.aborted) return abort();
      signal.addEventListener("abort", abort, { once: true });
      void this.#synced.promise.then(() => {
        signal.removeEventListener("abort", abort);
        resolve();
      });
    });
  }

  onChange(handler: (key: Key) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  ageMs(): number {
    return Math.max(0, ...(this.#generation?.loops.map((loop) => loop.ageMs()) ?? []));
  }

  missCount(): number {
    return this.#missCount;
  }

  #scopeOf(namespace: string | undefined): Scope<T> {
    const source = this.#options.sourceOf(namespace);
    return { namespace, source, store: new ObjectStore<T>(), hasSynced: false };
  }

  #loopOf(scope: Scope<T>): ScopeLoop<T> {
    const { resource, clock, random, logger, measurements, relistMs = RELIST_MS, graceMs = GRACE_MS } = this.#options;
    const { source, store } = scope;
    return new ScopeLoop<T>({
      ...{ resource, source, store, clock, random, logger, measurements, relistMs, graceMs },
      onChange: (keys) => this.#notify(keys),
      onSynced: () => this.#syncedIn(scope),
      onMissed: (count) => {
        this.#missCount += count;
      },
    });
  }

  #syncedIn(scope: Scope<T>): void {
    scope.hasSynced = true;
    this.#measure();
    if (this.hasSynced()) this.#synced.resolve();
  }

  #measure(): void {
    this.#options.measurements.cached(this.#options.resource, this.store.size);
  }

  /** A handler that throws must not end the watch; it is for enqueueing keys and nothing else. */
  #notify(keys: readonly Key[]): void {
    this.#measure();
    for (const key of keys) {
      for (const handler of this.#handlers) {
        try {
          handler(key);
        } catch (err) {
          this.#options.logger.warn({ resource: this.#options.resource, key, err }, "a change handler threw");
        }
      }
    }
  }
}

export function createReflector<T extends KubeObject>(options: ReflectorOptions<T>): Reflector<T> {
  return new ListWatchReflector<T>(options);
}
