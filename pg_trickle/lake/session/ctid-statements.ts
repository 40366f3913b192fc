// Row-by-row changes of postgres_fdw, `… where ctid = $n`: one scan of the table a row unless they are staged. Only this
// exact form is taken here; anything else goes to the planner.

import { identifier } from "../planner/dml-tokens.ts";
import { type Token, tokenize, tokenWord } from "../planner/tokens.ts";
import type { Place } from "./places.ts";
import type { PlacesRun } from "./staged-writes.ts";

export interface CtidStatement {
  readonly kind: "update" | "delete";
  readonly table: string;
  readonly columns: readonly string[];
  /** Parameter numbers: of the ctid, then of each column's value. */
  readonly parameters: readonly number[];
}

/** Null if the statement has any other form. */
export function readCtidStatement(sql: string): CtidStatement | null {
  if (!/\bctid\s*=\s*\$\d+\s*$/i.test(sql)) return null;
  const tokens = tokenize(sql);
  const kind = tokenWord(tokens[0]);
  const at = kind === "update" ? 1 : 2;
  if (kind !== "update" && kind !== "delete") return null;
  if (kind === "delete" && tokenWord(tokens[1]) !== "from") return null;
  const [schema, dot, name] = tokens.slice(at, at + 3);
  const ctidParameter = readCondition(tokens.slice(-4));
  if (dot?.text !== "." || schema?.text !== "main" || name === undefined || ctidParameter === null) return null;
  const items = readItems(kind, tokens.slice(at + 3, -4));
  if (items === null) return null;
  return {
    kind,
    table: `main.${identifier(name)}`,
    columns: items.map((item) => item.column),
    parameters: [ctidParameter, ...items.map((item) => item.parameter)],
  };
}

function readCondition(tokens: readonly Token[]): number | null {
  const [where, column, equals, parameter] = tokens;
  if (tokenWord(where) !== "where" || tokenWord(column) !== "ctid" || equals?.text !== "=") return null;
  return readParameter(parameter);
}

function readParameter(token: Token | undefined): number | null {
  return token?.kind === "parameter" ? Number(token.text.slice(1)) : null;
}

interface Item {
  readonly column: string;
  readonly parameter: number;
}

/** `set a = $2, b = $3`, four tokens each with the comma or SET in front. */
function readItems(kind: string, tokens: readonly Token[]): readonly Item[] | null {
  if (kind === "delete") return tokens.length === 0 ? [] : null;
  if (tokens.length === 0 || tokens.length % 4 !== 0) return null;
  const starts = Array.from({ length: tokens.length / 4 }, (_, index) => index * 4);
  const items = starts.map((at) => readItem(tokens.slice(at, at + 4), at === 0));
  return items.every((item) => item !== null) ? items : null;
}

function readItem(tokens: readonly Token[], isFirst: boolean): Item | null {
  const [lead, column, equals, value] = tokens;
  const parameter = readParameter(value);
  const leads = isFirst ? tokenWord(lead) === "set" : lead?.text === ",";
  if (!leads || column === undefined || equals?.text !== "=" || parameter === null) return null;
  return { column: identifier(column), parameter };
}

export function ctidRun(
  statement: CtidStatement,
  values: readonly (string | null)[],
  placeOf: (ctid: string | null) => Place,
): PlacesRun {
  const [ctid, ...row] = statement.parameters.map((parameter) => values[parameter - 1] ?? null);
  const { kind, table, columns } = statement;
  return { kind, table, columns, rows: [row], places: [placeOf(ctid ?? null)] };
}
