/**
 * values.yaml read as documentation: each key with its description, its default and its JSON schema. Pure.
 *
 * `# -- text` above a key describes it and makes it one value, whatever its default is; further lines of the comment go on with
 * the text. `# @schema {…}` adds to the schema that follows from the default. A key without description groups others.
 */
import { isMap, isScalar, type Pair, parseDocument, type YAMLMap } from "yaml";

export type Schema = Readonly<Record<string, unknown>>;

export interface Value {
  readonly path: string;
  readonly description: string;
  readonly defaultValue: unknown;
  readonly schema: Schema;
}

export interface Group {
  readonly key: string;
  readonly path: string;
  readonly values: readonly Entry[];
}

export type Entry = { readonly key: string; readonly value: Value } | { readonly key: string; readonly group: Group };

export class ValuesError extends Error {
  override readonly name = "ValuesError";
}

interface Comment {
  readonly description: string;
  readonly schema: Schema;
}

function parseSchema(line: string, path: string): Schema {
  try {
    return JSON.parse(line) as Schema;
  } catch (cause) {
    throw new ValuesError(`${path}: its @schema is not JSON: ${line}`, { cause });
  }
}

/** undefined: no description. */
function parseComment(text: string | null | undefined, path: string): Comment | undefined {
  const lines = (text ?? "").split("\n").map((line) => line.trim());
  const start = lines.findLastIndex((line) => line.startsWith("-- "));
  if (start === -1) {
    if (lines.some((line) => line.startsWith("@schema ")))
      throw new ValuesError(`${path}: @schema without description`);
    return undefined;
  }
  const own = lines.slice(start);
  const schemas = own.filter((line) => line.startsWith("@schema ")).map((line) => parseSchema(line.slice(8), path));
  const words = own.filter((line) => !line.startsWith("@schema ")).join(" ");
  return { description: words.slice(3).trim(), schema: Object.assign({}, ...schemas) };
}

function typeOf(value: unknown): Schema {
  if (value === null) return {};
  if (Array.isArray(value)) return { type: "array" };
  if (Number.isInteger(value)) return { type: "integer" };
  return { type: typeof value };
}

interface Node {
  readonly pair: Pair;
  readonly key: string;
  readonly path: string;
  readonly comment: string | null | undefined;
}

/** The parser gives the comment above a map's first key to the map. */
function nodesOf(map: YAMLMap, prefix: string): Node[] {
  return map.items.map((pair, index) => {
    if (!isScalar(pair.key)) throw new ValuesError(`${prefix}: a key is not a plain one`);
    const key = String(pair.key.value);
    const comment = pair.key.commentBefore ?? (index === 0 ? map.commentBefore : undefined);
    return { pair, key, path: prefix === "" ? key : `${prefix}.${key}`, comment };
  });
}

function jsonOf(pair: Pair): unknown {
  const { value } = pair;
  return value !== null && typeof value === "object" && "toJSON" in value ? (value as YAMLMap).toJSON() : value;
}

function entryOf({ pair, key, path, comment }: Node): Entry {
  const parsed = parseComment(comment, path);
  if (parsed !== undefined) {
    const defaultValue = jsonOf(pair);
    const schema = { ...typeOf(defaultValue), ...parsed.schema };
    return { key, value: { path, description: parsed.description, defaultValue, schema } };
  }
  if (!isMap(pair.value)) throw new ValuesError(`${path} has no description (# -- …)`);
  return { key, group: { key, path, values: nodesOf(pair.value, path).map(entryOf) } };
}

export function readValues(yaml: string): readonly Entry[] {
  const document = parseDocument(yaml);
  if (document.errors[0] !== undefined) throw new ValuesError(document.errors[0].message);
  if (!isMap(document.contents)) throw new ValuesError("the values are not a map");
  return nodesOf(document.contents, "").map(entryOf);
}

function properties(entries: readonly Entry[]): Schema {
  return Object.fromEntries(
    entries.map((entry) => {
      if ("group" in entry) return [entry.key, objectSchema(entry.group.values)];
      const { description, schema, defaultValue } = entry.value;
      return [entry.key, { description, ...schema, default: defaultValue }];
    }),
  );
}

function objectSchema(entries: readonly Entry[]): Schema {
  return { type: "object", additionalProperties: false, properties: properties(entries) };
}

/** A misspelt key is refused: without that it would be ignored in silence. */
export function schemaOf(entries: readonly Entry[]): Schema {
  const root = objectSchema(entries);
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Values of streamtable-rewind",
    ...root,
    // what charts that have this one as a part may pass to all of them
    properties: { ...(root["properties"] as object), global: { type: "object" } },
  };
}

function flat(entries: readonly Entry[]): Value[] {
  return entries.flatMap((entry) => ("group" in entry ? flat(entry.group.values) : [entry.value]));
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

function row({ path, description, defaultValue }: Value): string {
  return `| \`${path}\` | ${cell(description)} | \`${cell(JSON.stringify(defaultValue))}\` |`;
}

function table(title: string, values: readonly Value[]): string {
  return [`### ${title}`, "", "| Value | What it is | Default |", "|---|---|---|", ...values.map(row), ""].join("\n");
}

/** One table for what stands alone, one for each group. */
export function tablesOf(entries: readonly Entry[]): string {
  const single = entries.flatMap((entry) => ("value" in entry ? [entry.value] : []));
  const groups = entries.flatMap((entry) => ("group" in entry ? [entry.group] : []));
  return [table("General", single), ...groups.map((group) => table(`\`${group.key}\``, flat(group.values)))].join("\n");
}
