// Reading, walking and building DuckDB's JSON syntax trees. Nothing here knows what a query means.
import { isLosslessNumber, LosslessNumber, parse, stringify } from "lossless-json";
import type { Ast, Json, JsonObject, Node } from "./types.ts";

export function readAst(text: string): Ast {
  const value = parse(text) as Json;
  if (!isObject(value)) throw new TypeError("the syntax tree is not a JSON object");
  return value;
}

export function writeAst(ast: Ast): string {
  const text = stringify(ast);
  if (text === undefined) throw new TypeError("the syntax tree can not be written");
  return text;
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isLosslessNumber(value);
}

export function child(node: Node, key: string): Node | null {
  const value = node[key];
  return isObject(value) ? value : null;
}

export function list(node: Node, key: string): readonly Json[] {
  const value = node[key];
  return Array.isArray(value) ? value : [];
}

export function nodes(node: Node, key: string): readonly Node[] {
  return list(node, key).filter(isObject);
}

export function text(node: Node, key: string): string {
  const value = node[key];
  return typeof value === "string" ? value : "";
}

export function strings(node: Node, key: string): readonly string[] {
  return list(node, key).filter((item) => typeof item === "string");
}

/** The query node of the only statement, or null. */
export function onlyStatement(ast: Ast): Node | null {
  const statements = nodes(ast, "statements");
  const first = statements[0];
  return ast["error"] === false && statements.length === 1 && first ? child(first, "node") : null;
}

export function syntaxError(ast: Ast): string | null {
  return ast["error"] === true ? text(ast, "error_message") || "syntax error" : null;
}

/** A whole document around one query node. */
export function statement(node: Node): Ast {
  return { error: false, statements: [{ node, named_param_map: [] }] };
}

/** Rebuilds a tree bottom up; `change` sees each object after its members have been rebuilt. */
export function rewrite(value: Node, change: (node: Node) => Node): Node {
  const members = Object.entries(value).map(([key, member]) => [key, rewriteJson(member ?? null, change)] as const);
  return change(Object.fromEntries(members));
}

function rewriteJson(value: Json, change: (node: Node) => Node): Json {
  if (Array.isArray(value)) return value.map((item: Json) => rewriteJson(item, change));
  return isObject(value) ? rewrite(value, change) : value;
}

/** Every object in the tree, parents first. */
export function* walk(value: Json | undefined): Generator<Node> {
  if (Array.isArray(value)) {
    for (const item of value) yield* walk(item);
  } else if (isObject(value)) {
    yield value;
    for (const member of Object.values(value)) yield* walk(member);
  }
}

// Positions differ between two spellings of one expression, and 2^64-1 ("nowhere") makes json_deserialize_sql fail.
export function withoutPositions(node: Node): Node {
  return rewrite(node, (inner) =>
    "query_location" in inner ? { ...inner, query_location: new LosslessNumber("0") } : inner,
  );
}

/** Equal for two expressions that are the same but for position and alias of the outermost node. */
export function fingerprint(node: Node): string {
  return writeAst(withoutPositions({ ...node, alias: "" }));
}
