// What DuckDB's parser reads differently, made plain before it: it turns `numeric` into numeric(18,3) and `character(2)` into varchar
// without a word, so such types are replaced by names that survive as unknown types; and words of its own that are names in
// PostgreSQL are quoted.
import { syntaxError } from "./ast.ts";
import { GATE, refuse } from "./refusal.ts";
import { joinTokens, type Token, tokenize, tokenWord } from "./tokens.ts";
import type { Ast, PlannerServices } from "./types.ts";

export const BARE_NUMERIC = "numeric without scale";
export const CUT_TEXT = "text of limited length";

/** The text with its ambiguous type names made plain; throws a refusal where it can't be done safely. */
export function plainTypes(sql: string): string {
  return joinTokens(plainTypeTokens(tokenize(sql)));
}

/**
 * The tree of a query of PostgreSQL's. What can be read only with a bare word as DuckDB means it (`qualify`, `semi join`) is read so:
 * the gate has a better word for it than a syntax error.
 */
export async function parseQueryText(tokens: readonly Token[], services: Pick<PlannerServices, "parse">): Promise<Ast> {
  const typed = plainTypeTokens(tokens);
  const [bare, quoted] = [joinTokens(typed), joinTokens(plainNameTokens(typed))];
  const ast = await services.parse(quoted);
  if (quoted === bare || syntaxError(ast) === null) return ast;
  const other = await services.parse(bare);
  return syntaxError(other) === null ? other : ast;
}

/** The text with names quoted that PostgreSQL leaves bare and DuckDB takes for its own words. */
export function plainNames(sql: string): string {
  return joinTokens(plainNameTokens(tokenize(sql)));
}

function plainNameTokens(tokens: readonly Token[]): readonly Token[] {
  return tokens.map((token, index) => plainName(token, tokens[index - 1], tokens[index + 1]));
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

/** Words that PostgreSQL does not quote, and that DuckDB takes for no name of a column or table (duckdb_keywords()). */
const DUCKDB_WORDS = new Set(
  (
    "anti asof at by describe glob lambda pivot pivot_longer pivot_wider positional qualify semi show summarize " +
    "unpack unpivot"
  ).split(" "),
);

function plainName(token: Token, previous: Token | undefined, next: Token | undefined): Token {
  const word = tokenWord(token);
  if (!DUCKDB_WORDS.has(word)) return token;
  const isSyntax =
    (word === "by" && ["group", "order", "partition"].includes(tokenWord(previous))) ||
    (word === "at" && ["time", "local"].includes(tokenWord(next)));
  return isSyntax ? token : { kind: "quoted", text: `"${word}"` };
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
