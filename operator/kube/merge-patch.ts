/** JSON merge patches (RFC 7386) from two states: pure. */
import { isDeepStrictEqual } from "node:util";

type Json = Record<string, unknown>;

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What JSON makes of a value: without undefined, so that comparisons see what the server will see. */
export function normalised<T>(value: T): T {
  return value === undefined ? value : (JSON.parse(JSON.stringify(value)) as T);
}

function difference(from: Json, to: Json): Json {
  const patch: Json = {};
  for (const key of Object.keys(from)) {
    if (!(key in to)) patch[key] = null;
  }
  for (const [key, wanted] of Object.entries(to)) {
    const present = from[key];
    if (isDeepStrictEqual(present, wanted)) continue;
    patch[key] = isObject(present) && isObject(wanted) ? difference(present, wanted) : wanted;
  }
  return patch;
}

/** The patch that makes `to` out of `from`; undefined if they are equal. Lists are replaced whole. */
export function mergePatch(from: unknown, to: unknown): Json | undefined {
  const before = normalised(from);
  const after = normalised(to);
  if (!isObject(after)) throw new TypeError("a merge patch needs an object to aim at");
  const patch = isObject(before) ? difference(before, after) : after;
  return isObject(before) && Object.keys(patch).length === 0 ? undefined : patch;
}
