/**
 * What the rest of the operator sees of Kubernetes: types only, no behaviour, no client-node.
 * Every call of the API server ends by itself (timeout), and every failure is one of the classes of errors.ts.
 */
import type http from "node:http";
import type https from "node:https";

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly finalizers?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
}

/** An object with the usual two halves; `StreamTableRewind` of api/ is assignable to it. */
export interface CustomObject<Spec = unknown, Status = unknown> extends KubeObject {
  readonly spec: Spec;
  readonly status?: Status;
}

/** Names a kind to the API server, e.g. resources.ts `streamTableRewinds`. */
export interface ResourceDefinition {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
}

/** `namespace/name`, the key of stores and queues. */
export type Key = string;

// ---------------------------------------------------------------- time

export interface TimerHandle {
  cancel(): void;
}

/** Injected everywhere, so that tests own the time. */
export interface Clock {
  /** Milliseconds that never go backwards: for delays and ages. */
  monotonicMs(): number;
  /** Wall clock: for timestamps that people read. */
  now(): Date;
  after(delayMs: number, run: () => void): TimerHandle;
}

/** Uniform in [0, 1). */
export type Random = () => number;

/** The part of a pino logger that is used here. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

// ---------------------------------------------------------------- calls

export interface ClusterAccess {
  /** Base URL of the API server. */
  readonly server: string;
  /** Credentials and TLS material as they are now: files are read again when they have rotated. */
  options(): Promise<https.RequestOptions>;
  /** Where the server is behind a proxy: how to go through it. */
  proxyAgent?(options: https.RequestOptions): http.Agent;
}

export interface CallOptions {
  /** Ends the call early, in addition to its own timeout. */
  readonly signal?: AbortSignal;
}

export interface Secret {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** Decoded from base64 as UTF-8. */
  readonly data: Readonly<Record<string, string>>;
}

export interface ResourceClient<T extends KubeObject> {
  /** A read from etcd, never from a cache: do it before every effect. NotFound: errors.ts `isNotFound`. */
  get(namespace: string, name: string, options?: CallOptions): Promise<T>;
  /** All objects of a namespace, or of the cluster, over as many pages as it takes. */
  list(namespace?: string, options?: CallOptions): Promise<readonly T[]>;
  /** Merge patch of metadata or spec, only if the object is still the one observed (ConflictError otherwise). */
  patch(observed: T, patch: Readonly<Record<string, unknown>>, options?: CallOptions): Promise<T>;
  /** Merge patch of the status subresource, same condition. Prefer `StatusWriter`. */
  patchStatus(observed: T, status: Readonly<Record<string, unknown>>, options?: CallOptions): Promise<T>;
  /** No call if it is there already. */
  addFinalizer(observed: T, finalizer: string, options?: CallOptions): Promise<T>;
  /** No call if it isn't there; an object that is gone by now is no error (undefined). */
  removeFinalizer(observed: T, finalizer: string, options?: CallOptions): Promise<T | undefined>;
  /** Only this very object (uid); gone already is no error. */
  delete(observed: T, options?: CallOptions): Promise<void>;
}

export interface KubeClient {
  resource<T extends KubeObject>(definition: ResourceDefinition): ResourceClient<T>;
  getSecret(namespace: string, name: string, options?: CallOptions): Promise<Secret>;
  /** uid of namespace kube-system, else of default: who "this cluster" is in the operation log. */
  clusterId(options?: CallOptions): Promise<string>;
}

// ---------------------------------------------------------------- cache

export interface Store<T extends KubeObject> {
  get(key: Key): T | undefined;
  list(): readonly T[];
  readonly size: number;
}

export interface Reflector<T extends KubeObject> {
  readonly store: Store<T>;
  start(): void;
  /** Resolves when nothing of it runs any more. Nothing starts after it. */
  stop(): Promise<void>;
  /** True from the first complete list on, for each watched namespace. */
  hasSynced(): boolean;
  waitForSync(signal?: AbortSignal): Promise<void>;
  /** Called for added, modified and deleted objects (then `store.get` is undefined). Returns the unsubscriber. */
  onChange(handler: (key: Key) => void): () => void;
  /**
   * Milliseconds since its loop last did anything: an attempt, its end, an event, a bookmark. It says whether the loop lives,
   * not whether the API server can be reached, so a liveness probe may use it.
   */
  ageMs(): number;
  /** Changes that a relist found and that the watch should have delivered. */
  missCount(): number;
}

// ---------------------------------------------------------------- queue

export interface PassResult {
  /** Look again after this time even if nothing changes. */
  readonly requeueAfterMs?: number | undefined;
}

/**
 * One pass for one key. Resolved: failures are forgotten. Rejected: again after a backoff; a ConflictError: again at once
 * (a bounded number of times). `signal` is aborted when a drain runs out of patience.
 */
export type ProcessKey = (key: Key, signal: AbortSignal) => Promise<PassResult>;

export interface WorkQueue {
  /** Adding a key that waits already is nothing; one in work runs once more afterwards. */
  add(key: Key): void;
  /** The earliest of several delays for a key wins. */
  addAfter(key: Key, delayMs: number): void;
  /** Failures in a row of the key. */
  failures(key: Key): number;
  /** Forgets failures and pending delays, for a key whose object is gone. */
  forget(key: Key): void;
  start(process: ProcessKey): void;
  /** No new pass starts; resolves when the running ones ended. After `patienceMs` their signals are aborted. */
  drain(patienceMs: number): Promise<void>;
  /** Keys waiting to be worked on now (not the delayed ones). */
  readonly length: number;
}

// ---------------------------------------------------------------- status and events

export interface StatusWriter<T extends CustomObject> {
  /**
   * Writes only what differs from `observed.status`, only if the object is still the one observed; returns it as it is now.
   * If only metadata moved meanwhile it tries again by itself; if spec or status moved: ConflictError.
   */
  write(observed: T, status: NonNullable<T["status"]>, options?: CallOptions): Promise<T>;
}

export interface EventInput {
  readonly type: "Normal" | "Warning";
  /** PascalCase, why (≤ 128). */
  readonly reason: string;
  /** PascalCase, what was done (≤ 128). */
  readonly action: string;
  /** For people; cut at 1024 bytes. */
  readonly note: string;
}

export interface EventRecorder {
  /** Returns at once and never throws: an event is told, not relied on. */
  record(regarding: KubeObject, event: EventInput): void;
  /** Resolves when everything recorded so far was written or given up. */
  flush(): Promise<void>;
}

// ---------------------------------------------------------------- measurements (implemented by telemetry/)

export interface CallMeasurement {
  readonly verb: string;
  readonly resource: string;
  /** HTTP status, or `timeout`, `transport`, `aborted`. */
  readonly code: string;
  readonly durationMs: number;
}

export interface ReflectorMeasurements {
  cached(resource: string, objectCount: number): void;
  watchRestarted(resource: string, reason: string): void;
  missed(resource: string, changeCount: number): void;
}

export interface QueueMeasurements {
  added(): void;
  depth(length: number): void;
  /** Time between add and start of work. */
  waited(durationMs: number): void;
  worked(durationMs: number): void;
  retried(): void;
  running(count: number): void;
}

export interface StatusMeasurements {
  conflict(): void;
}
