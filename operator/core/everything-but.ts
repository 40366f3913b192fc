/**
 * What a hash covers: everything but what is named, each with its reason, so that a field that comes later is covered by itself.
 * Pure.
 */
import { canonicalJson, isList, isObject, type Json, type JsonObject } from "./canonical-json.ts";

/** Reasons by path: `resume.policy`; of each item of a list: `tables[].from`. */
export type Exclusions = Readonly<Record<string, string>>;

function nonEmpty(value: JsonObject): JsonObject | undefined {
  return Object.keys(value).length === 0 ? undefined : value;
}

function below(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

function entriesOf(value: JsonObject): [string, Json][] {
  return Object.entries(value).filter((entry): entry is [string, Json] => entry[1] !== undefined);
}

/** The value without what is excluded. */
export function everythingBut<T>(value: T, exclusions: Exclusions, path = ""): T {
  const given = value as Json;
  if (isList(given)) return given.map((item) => everythingBut(item, exclusions, `${path}[]`)) as T;
  if (!isObject(given)) return value;
  const kept = entriesOf(given).filter(([name]) => exclusions[below(path, name)] === undefined);
  return Object.fromEntries(
    kept.map(([name, member]) => [name, everythingBut(member, exclusions, below(path, name))]),
  ) as T;
}

/**
 * The value without the fields that have their default: one that comes later changes no hash of an object that was made before it.
 * @param always fields that are left in all the same
 */
export function withoutDefaults(
  value: JsonObject,
  defaults: JsonObject,
  always: readonly string[],
  path = "",
): JsonObject {
  const kept = entriesOf(value).flatMap(([name, member]): [string, Json][] => {
    const standard = defaults[name];
    const here = below(path, name);
    if (isObject(member) && isObject(standard)) {
      const rest = nonEmpty(withoutDefaults(member, standard, always, here));
      return rest === undefined ? [] : [[name, rest]];
    }
    const isStandard = standard !== undefined && canonicalJson(member) === canonicalJson(standard);
    return isStandard && !always.includes(here) ? [] : [[name, member]];
  });
  return Object.fromEntries(kept);
}
