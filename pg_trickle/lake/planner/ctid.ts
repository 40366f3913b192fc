// A DuckLake rowid as PostgreSQL's ctid and back. postgres_fdw updates and deletes row by row through it.
// 46 bits of the rowid fill block and offset; rows that the open transaction inserted have rowids from 10^18 on and are
// told apart by offsets above 32768.
import { call, compare, expression, integerConstant, textConstant } from "./build.ts";
import { GATE, refuse } from "./refusal.ts";
import type { Node } from "./types.ts";

/** Rowids from here on were given inside a transaction. */
const LOCAL_ROWS = 10n ** 18n;
const OFFSETS = 16384n;
const LOCAL_OFFSET = 32768n;
const BLOCKS = 2n ** 32n;

/** The rowid that a ctid stands for. */
export function rowidConstant(ctid: string): Node {
  const match = /^\((\d{1,10}),(\d{1,5})\)$/.exec(ctid);
  if (!match?.[1] || !match[2])
    return refuse(GATE.literal, `'${ctid}' is not a ctid`, "a ctid is written as (block,offset)");
  const [block, offset] = [BigInt(match[1]), BigInt(match[2])];
  const isLocal = offset > LOCAL_OFFSET;
  const low = isLocal ? offset - LOCAL_OFFSET - 1n : offset - 1n;
  if (block >= BLOCKS || low < 0n || low >= OFFSETS)
    refuse(GATE.literal, `'${ctid}' is not a row of this table`, "use a ctid read before");
  return integerConstant(block * OFFSETS + low + (isLocal ? LOCAL_ROWS : 0n));
}

/** The text of the ctid of a rowid. */
export function ctidText(rowid: Node): Node {
  const row = byOrigin(rowid, call("-", [rowid, integerConstant(LOCAL_ROWS)], { operator: true }), rowid);
  const first = byOrigin(rowid, integerConstant(LOCAL_OFFSET + 1n), integerConstant(1));
  const block = call("//", [row, integerConstant(OFFSETS)], { operator: true });
  const low = call("%", [row, integerConstant(OFFSETS)], { operator: true });
  const offset = call("+", [low, first], { operator: true });
  return call("concat", [textConstant("("), block, textConstant(","), offset, textConstant(")")]);
}

function byOrigin(rowid: Node, local: Node, stored: Node): Node {
  const isLocal = compare("COMPARE_GREATERTHANOREQUALTO", rowid, integerConstant(LOCAL_ROWS));
  return expression("CASE", "CASE_EXPR", {
    case_checks: [{ when_expr: isLocal, then_expr: local }],
    else_expr: stored,
  });
}
