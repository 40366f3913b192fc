/**
 * PostgreSQL's own syntax tree (libpg-query), read and walked. A node is an object with one member, whose name is its kind:
 * `{"ColumnRef": {"fields": [...]}}`.
 */
import { loadModule, parseSync } from "libpg-query";

export type Tree = { readonly [member: string]: unknown };

await loadModule();

/** The one SELECT of a text that PostgreSQL has printed. Throws with the parser's message for anything else. */
export function parseSelect(text: string): Tree {
  const { stmts = [] } = parseSync(text) as { stmts?: readonly { readonly stmt?: unknown }[] };
  const select = stmts.length === 1 ? nodeOf(stmts[0]?.stmt, "SelectStmt") : null;
  if (select === null) throw new SyntaxError("the text is not one SELECT");
  return select;
}

export function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The content of a node of that kind, else null. */
export function nodeOf(value: unknown, kind: string): Tree | null {
  const content = isTree(value) ? value[kind] : undefined;
  return isTree(content) ? content : null;
}

export function items(tree: Tree, member: string): readonly unknown[] {
  const value = tree[member];
  return Array.isArray(value) ? value : [];
}

/** A member that is a node or absent. */
export function part(tree: Tree, member: string): Tree | null {
  const value = tree[member];
  return isTree(value) ? value : null;
}

/** Everything below a value, itself first. `into` says what is looked into. */
export function* walk(value: unknown, into: (tree: Tree) => boolean = () => true): Generator<Tree> {
  if (Array.isArray(value)) {
    for (const item of value) yield* walk(item, into);
  } else if (isTree(value)) {
    yield value;
    if (!into(value)) return;
    for (const member of Object.values(value)) yield* walk(member, into);
  }
}

/** Those of the values that are nodes of a kind. */
export function nodesOf(values: Iterable<unknown>, kind: string): readonly Tree[] {
  return [...values].map((value) => nodeOf(value, kind)).filter((content) => content !== null);
}

/** The contents of all nodes of a kind, those of nested SELECTs too. */
export function allOf(value: unknown, kind: string): readonly Tree[] {
  return nodesOf(walk(value), kind);
}

/** The same without what is inside nested SELECTs. */
export function ownOf(value: unknown, kind: string): readonly Tree[] {
  return nodesOf(
    walk(value, (tree) => nodeOf(tree, "SelectStmt") === null),
    kind,
  );
}

export function strings(values: readonly unknown[]): readonly string[] {
  return values.flatMap((value) => {
    const text = nodeOf(value, "String")?.["sval"];
    return typeof text === "string" ? [text] : [];
  });
}

/** Equal for two expressions that are the same but for where they stand. */
export function likeness(value: unknown): string {
  return JSON.stringify(value, (member, content: unknown) =>
    member === "location" || member === "list_start" || member === "list_end" ? undefined : content,
  );
}

/** The names of a plain column reference, as written: `["s", "kind"]`; null for anything else, `*` too. */
export function columnNames(value: unknown): readonly string[] | null {
  const reference = nodeOf(value, "ColumnRef");
  if (reference === null) return null;
  const fields = items(reference, "fields");
  const names = strings(fields);
  return names.length === fields.length ? names : null;
}

export function functionName(call: Tree): string {
  return strings(items(call, "funcname")).at(-1) ?? "";
}

/** Expressions of a SELECT's output, with their names. */
export function outputs(select: Tree): readonly { readonly name: string; readonly value: unknown }[] {
  return items(select, "targetList").flatMap((item) => {
    const target = nodeOf(item, "ResTarget");
    if (target === null) return [];
    const name = typeof target["name"] === "string" ? target["name"] : (columnNames(target["val"])?.at(-1) ?? "");
    return [{ name, value: target["val"] }];
  });
}

export function sortExpressions(list: readonly unknown[]): readonly unknown[] {
  return nodesOf(list, "SortBy").map((item) => item["node"]);
}
