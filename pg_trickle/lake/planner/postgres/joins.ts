/**
 * Several tables that are joined by equal keys: one column of each, and every join has an equality between these columns of its two
 * sides. Then rows that meet have the same key, and the result is that of the tables' parts by that key, for outer joins too.
 */
import { columnNames, isTree, items, likeness, nodeOf, nodesOf, part, strings, type Tree } from "./tree.ts";

export interface Occurrence {
  readonly alias: string;
  readonly schema: string;
  readonly table: string;
}

export interface KeyedJoin {
  /** Alias to its column of the key. */
  readonly keys: ReadonlyMap<string, string>;
  readonly occurrences: readonly Occurrence[];
  /** An outer join may fill their columns with NULL. */
  readonly nullable: ReadonlySet<string>;
}

type Column = readonly [alias: string, name: string];
type Equality = readonly [Column, Column];

interface Join {
  readonly left: readonly Occurrence[];
  readonly right: readonly Occurrence[];
  readonly equalities: readonly Equality[];
}

interface Read {
  readonly occurrences: readonly Occurrence[];
  readonly joins: readonly Join[];
  readonly nullable: readonly string[];
}

const NOTHING: Read = { occurrences: [], joins: [], nullable: [] };

/** Columns of a table, by schema and name. */
export type TableColumns = ReadonlyMap<string, readonly string[]>;

/** Null for a FROM that is not of this kind. */
export function keyedJoin(select: Tree, tables: TableColumns): KeyedJoin | null {
  const where = equalities(select["whereClause"]);
  let read: Read | null = NOTHING;
  for (const item of items(select, "fromClause")) {
    const next = readItem(item, { where, tables, isInner: true });
    read = next === null || read === null ? null : joined(read, next, where);
  }
  if (read === null || new Set(read.occurrences.map(({ alias }) => alias)).size !== read.occurrences.length)
    return null;
  return withKeys(read);
}

interface Context {
  readonly where: readonly Equality[];
  readonly tables: TableColumns;
  /** Nothing above is an outer join, so that WHERE decides as ON does. */
  readonly isInner: boolean;
}

function readItem(value: unknown, context: Context): Read | null {
  const range = nodeOf(value, "RangeVar");
  if (range !== null) return readTable(range);
  const join = nodeOf(value, "JoinExpr");
  if (join !== null) return readJoin(join, context);
  return JSON.stringify(value).includes('"RangeVar"') ? null : NOTHING;
}

function readTable(range: Tree): Read | null {
  const alias = part(range, "alias");
  if (typeof range["schemaname"] !== "string" || (alias !== null && items(alias, "colnames").length > 0)) return null;
  const table = String(range["relname"]);
  const name = typeof alias?.["aliasname"] === "string" ? alias["aliasname"] : table;
  return { ...NOTHING, occurrences: [{ alias: name, schema: range["schemaname"], table }] };
}

function readJoin(join: Tree, context: Context): Read | null {
  const isInner = join["jointype"] === "JOIN_INNER";
  const below = { ...context, isInner: context.isInner && isInner };
  const [left, right] = [readItem(join["larg"], below), readItem(join["rarg"], below)];
  if (left === null || right === null || join["isNatural"] === true || part(join, "alias") !== null) return null;
  const using = usingEqualities(join, { left, right, tables: context.tables });
  if (using === null || !isJoinable(join, left, right)) return null;
  const on = [...equalities(join["quals"]), ...using, ...(isInner && context.isInner ? context.where : [])];
  const result = joined(left, right, on);
  return result === null ? null : { ...result, nullable: [...result.nullable, ...nullableIn(join, left, right)] };
}

/** What has no table is made for each row; on the outer side of a join it would give rows of its own. */
function isJoinable(join: Tree, left: Read, right: Read): boolean {
  if (left.occurrences.length > 0 && right.occurrences.length > 0) return true;
  return join["jointype"] === "JOIN_INNER" || (join["jointype"] === "JOIN_LEFT" && right.occurrences.length === 0);
}

function joined(left: Read, right: Read, on: readonly Equality[]): Read {
  const both = left.occurrences.length > 0 && right.occurrences.length > 0;
  const join = { left: left.occurrences, right: right.occurrences, equalities: on };
  return {
    occurrences: [...left.occurrences, ...right.occurrences],
    joins: [...left.joins, ...right.joins, ...(both ? [join] : [])],
    nullable: [...left.nullable, ...right.nullable],
  };
}

function nullableIn(join: Tree, left: Read, right: Read): readonly string[] {
  const aliases = ({ occurrences }: Read) => occurrences.map(({ alias }) => alias);
  switch (join["jointype"]) {
    case "JOIN_INNER":
      return [];
    case "JOIN_LEFT":
      return aliases(right);
    case "JOIN_RIGHT":
      return aliases(left);
    default:
      return [...aliases(left), ...aliases(right)];
  }
}

/** Null where it cannot be told whose columns they are. */
function usingEqualities(
  join: Tree,
  sides: { left: Read; right: Read; tables: TableColumns },
): readonly Equality[] | null {
  const found: Equality[] = [];
  for (const name of strings(items(join, "usingClause"))) {
    const [left, right] = [ownersOf(name, sides.left, sides.tables), ownersOf(name, sides.right, sides.tables)];
    if (left.length !== 1 || right.length !== 1) return null;
    found.push([
      [left[0] ?? "", name],
      [right[0] ?? "", name],
    ]);
  }
  return found;
}

function ownersOf(name: string, { occurrences }: Read, tables: TableColumns): readonly string[] {
  return occurrences
    .filter(({ schema, table }) => tables.get(`${schema}.${table}`)?.includes(name))
    .map(({ alias }) => alias);
}

function equalities(condition: unknown): readonly Equality[] {
  const both = nodeOf(condition, "BoolExpr");
  if (both !== null) return both["boolop"] === "AND_EXPR" ? items(both, "args").flatMap(equalities) : [];
  const comparison = nodeOf(condition, "A_Expr");
  if (comparison === null || !isEquality(comparison)) return [];
  const [left, right] = [qualified(comparison["lexpr"]), qualified(comparison["rexpr"])];
  return left === null || right === null ? [] : [[left, right]];
}

function isEquality(comparison: Tree): boolean {
  return comparison["kind"] === "AEXPR_OP" && strings(items(comparison, "name")).join(".") === "=";
}

function qualified(value: unknown): Column | null {
  const [alias, name, ...more] = columnNames(value) ?? [];
  return alias === undefined || name === undefined || more.length > 0 ? null : [alias, name];
}

/** The first class of equal columns that has one column of every table, and an equality of it in every join. */
function withKeys({ occurrences, joins, nullable }: Read): KeyedJoin | null {
  if (occurrences.length < 2) return null;
  for (const members of classes(joins.flatMap((join) => join.equalities))) {
    const keys = new Map(members);
    const isOneEach = members.length === keys.size && occurrences.every(({ alias }) => keys.has(alias));
    if (isOneEach && joins.every((join) => meets(join, keys)))
      return { keys, occurrences, nullable: new Set(nullable) };
  }
  return null;
}

function meets({ left, right, equalities: on }: Join, keys: ReadonlyMap<string, string>): boolean {
  const isKeyOf = ([alias, name]: Column, side: readonly Occurrence[]) =>
    keys.get(alias) === name && side.some((occurrence) => occurrence.alias === alias);
  return on.some(([a, b]) => (isKeyOf(a, left) && isKeyOf(b, right)) || (isKeyOf(b, left) && isKeyOf(a, right)));
}

function classes(pairs: readonly Equality[]): readonly (readonly Column[])[] {
  let found: Column[][] = [];
  for (const [a, b] of pairs) {
    const touched = found.filter((members) =>
      members.some((member) => likeness(member) === likeness(a) || likeness(member) === likeness(b)),
    );
    const merged = new Map([...touched.flat(), a, b].map((member) => [likeness(member), member] as const));
    found = [...found.filter((members) => !touched.includes(members)), [...merged.values()]];
  }
  return found;
}

/** Whether a FROM reads several tables itself. */
export function readsSeveral(select: Tree): boolean {
  const count = (value: unknown): number => {
    if (!isTree(value)) return 0;
    const join = nodeOf(value, "JoinExpr");
    if (join !== null) return count(join["larg"]) + count(join["rarg"]);
    return nodesOf([value], "RangeVar").filter((range) => range["schemaname"] !== undefined).length;
  };
  return items(select, "fromClause").reduce((sum: number, item) => sum + count(item), 0) > 1;
}
