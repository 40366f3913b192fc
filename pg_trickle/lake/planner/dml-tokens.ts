// Cuts INSERT, UPDATE and DELETE into their parts, as tokens. DuckDB gives no tree for them; their expressions are then
// parsed by DuckDB as those of a SELECT.
import { GATE, notSupported, refuse } from "./refusal.ts";
import { type Token, tokenWord } from "./tokens.ts";

export interface DmlTarget {
  readonly schema: string;
  readonly name: string;
  /** Index of the first token behind the name. */
  readonly next: number;
}

/** The name of a column or table in a token. */
export function identifier(token: Token | undefined): string {
  if (token?.kind === "quoted") return token.text.slice(1, -1).replaceAll('""', '"');
  if (token?.kind === "word") return token.text.toLowerCase();
  return refuse(GATE.syntax, `a name is expected at "${token?.text ?? "the end"}"`, "use plain SQL");
}

/** `main.events`, with its schema. */
export function readTarget(tokens: readonly Token[], at: number): DmlTarget {
  const [schema, name] = [identifier(tokens[at]), identifier(tokens[at + 2])];
  if (tokens[at + 1]?.text !== ".") refuse(GATE.syntax, `table "${schema}" needs its schema`, "write main.<table>");
  return { schema, name, next: at + 3 };
}

/** Depth of parentheses before each token; refuses text whose parentheses do not match. */
export function depths(tokens: readonly Token[]): readonly number[] {
  let depth = 0;
  const found = tokens.map((token) => {
    if (token.text === "(" || token.text === "[") depth += 1;
    const here = depth;
    if (token.text === ")" || token.text === "]") depth -= 1;
    if (depth < 0) refuse(GATE.syntax, "a parenthesis is closed that was not opened", "check the statement");
    return here;
  });
  if (depth !== 0) refuse(GATE.syntax, "a parenthesis is not closed", "check the statement");
  return found;
}

/** Index of a keyword outside parentheses, or the length. */
export function indexOfKeyword(tokens: readonly Token[], keyword: string, from: number): number {
  const levels = depths(tokens);
  const at = tokens.findIndex((token, index) => index >= from && levels[index] === 0 && tokenWord(token) === keyword);
  return at < 0 ? tokens.length : at;
}

const NOT_SERVED: readonly (readonly [keyword: string, what: string])[] = [
  ["returning", "returning"],
  ["using", "delete … using"],
  ["conflict", "on conflict"],
  ["default", "default"],
];

export function refuseUnserved(tokens: readonly Token[]): void {
  const found = NOT_SERVED.find(([keyword]) => indexOfKeyword(tokens, keyword, 0) < tokens.length);
  if (found) notSupported(`${found[1]} is not supported for lake tables`, "read the rows in a statement of its own");
}

/** Splits at commas outside parentheses. */
export function splitAtCommas(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const levels = depths(tokens);
  const parts: Token[][] = [[]];
  tokens.forEach((token, index) => {
    if (token.text === "," && levels[index] === 0) parts.push([]);
    else parts[parts.length - 1]?.push(token);
  });
  return parts;
}

/** The tokens inside the parentheses that open at an index, and the index behind them. */
export function parenthesized(
  tokens: readonly Token[],
  at: number,
): { readonly inner: readonly Token[]; readonly next: number } {
  if (tokens[at]?.text !== "(")
    refuse(GATE.syntax, `( is expected at "${tokens[at]?.text ?? "the end"}"`, "use plain SQL");
  const levels = depths(tokens);
  const level = levels[at] ?? 0;
  const end = tokens.findIndex((token, index) => index > at && levels[index] === level && token.text === ")");
  return { inner: tokens.slice(at + 1, end), next: end + 1 };
}
