/**
 * The cache of one kind in one scope (a namespace, or all): pure. It knows which copy is newer; it never calls anybody.
 */
import { keyOf } from "./paths.ts";
import type { Key, KubeObject, Store } from "./types.ts";
import { isOlder } from "./versions.ts";

function ageOf({ metadata }: KubeObject): string {
  return metadata.creationTimestamp ?? "";
}

export class ObjectStore<T extends KubeObject> implements Store<T> {
  readonly #objects = new Map<Key, T>();
  /** Versions of the deletions since `rememberDeletions`, so that a list made before them can't bring objects back. */
  #deletions: Map<Key, string> | undefined;

  get size(): number {
    return this.#objects.size;
  }

  get(key: Key): T | undefined {
    return this.#objects.get(key);
  }

  list(): readonly T[] {
    return [...this.#objects.values()];
  }

  /** True if that was news; the same or an older copy than ours is refused. */
  set(object: T): boolean {
    const key = keyOf(object);
    const { resourceVersion } = object.metadata;
    const present = this.#objects.get(key)?.metadata.resourceVersion;
    if (present !== undefined && (present === resourceVersion || isOlder(resourceVersion, present))) return false;
    this.#objects.set(key, object);
    return true;
  }

  /** `object` is the last state, at the version of the deletion. */
  delete(object: T): boolean {
    const key = keyOf(object);
    const { resourceVersion } = object.metadata;
    this.#deletions?.set(key, resourceVersion);
    const present = this.#objects.get(key);
    if (!present || isOlder(resourceVersion, present.metadata.resourceVersion)) return false;
    return this.#objects.delete(key);
  }

  /**
   * The list is the truth, whatever we believed (also older versions: etcd may have been restored). Changed keys, the oldest
   * objects first: after an outage many come at once, and a list is ordered by name.
   */
  replace(objects: readonly T[]): Key[] {
    const listed = new Map(objects.map((object) => [keyOf(object), object]));
    const changed = [...this.#objects.keys()].filter((key) => !listed.has(key));
    for (const key of changed) this.#objects.delete(key);
    for (const [key, object] of [...listed].sort(([, a], [, b]) => ageOf(a).localeCompare(ageOf(b)))) {
      if (this.#objects.get(key)?.metadata.resourceVersion !== object.metadata.resourceVersion) changed.push(key);
      this.#objects.set(key, object);
    }
    return changed;
  }

  rememberDeletions(): void {
    this.#deletions = new Map();
  }

  forgetDeletions(): void {
    this.#deletions = undefined;
  }

  /**
   * Compares with a list made at `version` while a watch went on. What the watch brought after it is newer and stays;
   * repaired and returned is only what the watch should have brought and did not.
   */
  reconcile(objects: readonly T[], version: string): Key[] {
    const listed = new Set(objects.map(keyOf));
    const missed = [...this.#objects]
      .filter(([key, present]) => !listed.has(key) && !isOlder(version, present.metadata.resourceVersion))
      .map(([key]) => key);
    for (const key of missed) this.#objects.delete(key);
    for (const object of objects) {
      if (!this.#isDeletedSince(object) && this.set(object)) missed.push(keyOf(object));
    }
    return missed;
  }

  #isDeletedSince(object: T): boolean {
    const deletedAt = this.#deletions?.get(keyOf(object));
    return deletedAt !== undefined && !isOlder(deletedAt, object.metadata.resourceVersion);
  }
}
