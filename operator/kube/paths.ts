/** URL paths of the API server: pure. */
import type { Key, KubeObject, ResourceDefinition } from "./types.ts";

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Target {
  /** undefined: all namespaces. */
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly subresource?: string | undefined;
}

export function withQuery(path: string, query: Query): string {
  const pairs = Object.entries(query).flatMap(([key, value]) =>
    value === undefined ? [] : [`${encodeURIComponent(key)}=${encodeURIComponent(value)}`],
  );
  return pairs.length === 0 ? path : `${path}?${pairs.join("&")}`;
}

/** The core group is the empty one. */
export function resourcePath(definition: ResourceDefinition, target: Target = {}): string {
  const root = definition.group === "" ? "/api" : `/apis/${definition.group}`;
  const parts = [root, definition.version];
  if (target.namespace !== undefined) parts.push("namespaces", encodeURIComponent(target.namespace));
  parts.push(definition.plural);
  if (target.name !== undefined) parts.push(encodeURIComponent(target.name));
  if (target.subresource !== undefined) parts.push(target.subresource);
  return parts.join("/");
}

export function keyOf(object: KubeObject): Key {
  return `${object.metadata.namespace ?? ""}/${object.metadata.name}`;
}

export function splitKey(key: Key): { namespace: string; name: string } {
  const slash = key.indexOf("/");
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
