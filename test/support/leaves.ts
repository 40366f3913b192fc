/**
 * Every leaf of a schema, so that a test can change each of them: a field that is new is tested the day it comes. The values come
 * from two full examples that differ everywhere.
 */
import { isDeepStrictEqual } from "node:util";
import { asObject, type JsonObject, jsonSchemaOf } from "../../operator/structural-schema.ts";

export interface Leaf {
  /** `approval.mode`, `verification.assertions[].sql`; a list of plain values is one leaf. */
  readonly path: string;
  readonly isMutable: boolean;
}

function leavesBelow(schema: JsonObject, path: string): readonly Leaf[] {
  if (schema["type"] === "object" && schema["properties"] !== undefined) {
    return Object.entries(asObject(schema["properties"], path)).flatMap(([name, child]) =>
      leavesBelow(asObject(child, name), path === "" ? name : `${path}.${name}`),
    );
  }
  const items = schema["type"] === "array" ? asObject(schema["items"], path) : undefined;
  if (items?.["type"] === "object") return leavesBelow(items, `${path}[]`);
  return [{ path, isMutable: schema["mutable"] === true }];
}

export function leavesOf(schema: Parameters<typeof jsonSchemaOf>[0]): readonly Leaf[] {
  return leavesBelow(jsonSchemaOf(schema), "");
}

type Container = Record<string, unknown>;

/** What the leaf stands in, and its name there; of a list the first item. */
function placeOf(value: unknown, path: string): readonly [container: Container, name: string] {
  const names = path.replaceAll("[]", ".0").split(".");
  const last = names.pop() ?? "";
  const container = names.reduce<unknown>((at, name) => (at as Container | undefined)?.[name], value);
  if (typeof container !== "object" || container === null) throw new Error(`the example has nothing at ${path}`);
  return [container as Container, last];
}

export function leafOf(value: unknown, path: string): unknown {
  const [container, name] = placeOf(value, path);
  if (container[name] === undefined) throw new Error(`the example has no ${path}: add it, with another value in each`);
  return container[name];
}

/** A copy of `value` that has the leaf of `other`, which must be another one. */
export function withLeaf<T>(value: T, other: unknown, path: string): T {
  const copy = structuredClone(value);
  const [container, name] = placeOf(copy, path);
  if (isDeepStrictEqual(leafOf(value, path), leafOf(other, path))) throw new Error(`both examples have one ${path}`);
  container[name] = leafOf(other, path);
  return copy;
}

export function withoutLeaf<T>(value: T, path: string): T {
  const copy = structuredClone(value);
  const [container, name] = placeOf(copy, path);
  delete container[name];
  return copy;
}

/** The leaves that are excluded, by themselves or by what they stand in. @param exclusions paths */
export function isExcluded({ path }: Leaf, exclusions: readonly string[]): boolean {
  return exclusions.some(
    (excluded) => path === excluded || path.startsWith(`${excluded}.`) || path.startsWith(`${excluded}[]`),
  );
}
