/** Reads and writes of one kind; each write is conditional on the version that was observed. */
import { type Calls, MERGE_PATCH } from "./calls.ts";
import { ConflictError, isConflict, isGone, isNotFound } from "./errors.ts";
import { resourcePath, type Target, withQuery } from "./paths.ts";
import type { CallOptions, KubeObject, ResourceClient, ResourceDefinition } from "./types.ts";

type Json = Readonly<Record<string, unknown>>;

const PAGE_SIZE = 500;

interface ListPage {
  readonly items: readonly unknown[];
  readonly continueToken: string | undefined;
}

function pageOf(answer: Json): ListPage {
  const metadata = (answer["metadata"] ?? {}) as { continue?: string };
  return { items: (answer["items"] ?? []) as unknown[], continueToken: metadata.continue || undefined };
}

export class HttpResourceClient<T extends KubeObject> implements ResourceClient<T> {
  readonly #calls: Calls;
  readonly #definition: ResourceDefinition;

  constructor(calls: Calls, definition: ResourceDefinition) {
    this.#calls = calls;
    this.#definition = definition;
  }

  async get(namespace: string, name: string, options: CallOptions = {}): Promise<T> {
    const path = resourcePath(this.#definition, { namespace, name });
    return (await this.#calls.send({ ...this.#call(options), verb: "GET", path })) as unknown as T;
  }

  async list(namespace?: string, options: CallOptions = {}): Promise<readonly T[]> {
    try {
      return await this.#pages(namespace, PAGE_SIZE, options);
    } catch (error) {
      // the continue token grew too old between two pages: once more, in one piece
      if (!isGone(error)) throw error;
      return this.#pages(namespace, undefined, options);
    }
  }

  patch(observed: T, patch: Json, options: CallOptions = {}): Promise<T> {
    return this.#patch(observed, patch, options, undefined);
  }

  patchStatus(observed: T, status: Json, options: CallOptions = {}): Promise<T> {
    return this.#patch(observed, { status }, options, "status");
  }

  async addFinalizer(observed: T, finalizer: string, options: CallOptions = {}): Promise<T> {
    const present = observed.metadata.finalizers ?? [];
    if (present.includes(finalizer)) return observed;
    return this.patch(observed, { metadata: { finalizers: [...present, finalizer] } }, options);
  }

  async removeFinalizer(observed: T, finalizer: string, options: CallOptions = {}): Promise<T | undefined> {
    const present = observed.metadata.finalizers ?? [];
    if (!present.includes(finalizer)) return observed;
    const finalizers = present.filter((name) => name !== finalizer);
    try {
      return await this.patch(observed, { metadata: { finalizers } }, options);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async delete(observed: T, options: CallOptions = {}): Promise<void> {
    const path = resourcePath(this.#definition, this.#target(observed));
    const body = {
      apiVersion: "v1",
      kind: "DeleteOptions",
      propagationPolicy: "Background",
      preconditions: { uid: observed.metadata.uid },
    };
    try {
      await this.#calls.send({ ...this.#call(options), verb: "DELETE", path, body });
    } catch (error) {
      // 409: the name belongs to a newer object by now
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }

  #call(options: CallOptions): { resource: string; signal: AbortSignal | undefined } {
    return { resource: this.#definition.plural, signal: options.signal };
  }

  #target(observed: T): Target {
    return { namespace: observed.metadata.namespace, name: observed.metadata.name };
  }

  async #pages(namespace: string | undefined, limit: number | undefined, options: CallOptions): Promise<T[]> {
    const objects: T[] = [];
    let continueToken: string | undefined;
    do {
      const path = withQuery(resourcePath(this.#definition, { namespace }), { limit, continue: continueToken });
      const page = pageOf(await this.#calls.send({ ...this.#call(options), verb: "GET", path }));
      objects.push(...(page.items as T[]));
      continueToken = page.continueToken;
    } while (continueToken !== undefined);
    return objects;
  }

  async #patch(observed: T, patch: Json, options: CallOptions, subresource: string | undefined): Promise<T> {
    const path = resourcePath(this.#definition, { ...this.#target(observed), subresource });
    const metadata = { ...(patch["metadata"] as Json), resourceVersion: observed.metadata.resourceVersion };
    const body = { ...patch, metadata };
    try {
      const call = { ...this.#call(options), verb: "PATCH" as const, path, body, contentType: MERGE_PATCH };
      return (await this.#calls.send(call)) as unknown as T;
    } catch (error) {
      if (!isConflict(error)) throw error;
      throw new ConflictError(`${path} is no longer at ${observed.metadata.resourceVersion}`, { cause: error });
    }
  }
}
