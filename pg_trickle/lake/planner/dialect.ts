// What the syntax tree would lose: DuckDB's parser turns `numeric` into numeric(18,3) and `character(2)` into varchar
// without a word. The tokens of such types are replaced before parsing by names that survive as unknown types.
import { GATE, refuse } from "./refusal.ts";
import { joinTokens, type Token, tokenize, tokenWord } from "./tokens.ts";

export const BARE_NUMERIC = "numeric without scale";
export const CUT_TEXT = "text of limited length";

/** The text with its ambiguous type names made plain; throws a refusal where it can't be done safely. */
export function plainTypes(sql: string): string {
  return joinTokens(plainTypeTokens(tokenize(sql)));
}

export function plainTypeTokens(tokens: readonly Token[]): readonly Token[] {
  const out: Token[] = [];
  for (let index = 0; index < tokens.length; index += 1) {
    const replaced = isCast(out) ? replacement(tokens, index) : null;
    if (replaced) {
      out.push({ kind: "quoted", text: `"${replaced.name}"` });
      index = replaced.last;
      continue;
    }
    const token = tokens[index];
    if (!token) break;
    refuseAmbiguous(token, tokens[index + 1], out);
    out.push(token);
  }
  return out;
}

function isCast(out: readonly Token[]): boolean {
  return out[out.length - 1]?.text === "::";
}

const NUMERIC = new Set(["numeric", "decimal", "dec"]);
const CHARACTER = new Set(["character", "char", "varchar", "bpchar", "nchar", "national"]);

function replacement(tokens: readonly Token[], at: number): { readonly name: string; readonly last: number } | null {
  const first = tokens[at];
  const name = tokenWord(first);
  if (NUMERIC.has(name) && tokens[at + 1]?.text !== "(") return { name: BARE_NUMERIC, last: at };
  // DuckDB knows oid as bigint.
  if (name === "oid") return { name: "oid of PostgreSQL", last: at };
  if (first?.kind === "quoted" && first.text === '"char"') return { name: CUT_TEXT, last: at };
  if (!CHARACTER.has(name)) return null;
  const end = tokenWord(tokens[at + 1]) === "varying" ? at + 1 : at;
  const isFree = (end > at || name === "varchar") && tokens[end + 1]?.text !== "(";
  return isFree ? null : { name: CUT_TEXT, last: closing(tokens, end) };
}

/** Index of the `)` of a length that follows, or the same index if none does. */
function closing(tokens: readonly Token[], at: number): number {
  if (tokens[at + 1]?.text !== "(") return at;
  const end = tokens.findIndex((token, index) => index > at && token.text === ")");
  return end < 0 ? at : end;
}

// Those names are reserved enough in PostgreSQL that it always quotes a column of that name.
function refuseAmbiguous(token: Token, next: Token | undefined, out: readonly Token[]): void {
  const name = tokenWord(token);
  if (["cast", "try_cast"].includes(name) && next?.text === "(") {
    refuse(GATE.syntax, "cast (… as …) is not supported", "write expression::type");
  }
  const isMember = [".", "::", "character", "national"].includes(out[out.length - 1]?.text.toLowerCase() ?? "");
  if ((NUMERIC.has(name) || CHARACTER.has(name)) && !isMember) {
    refuse(GATE.syntax, `the type name ${name} is not supported here`, "write expression::type");
  }
}
