// Cuts SQL text into tokens: quotes, dollar quotes, comments and parentheses aware. It decides nothing about meaning; it
// exists because DuckDB's parser gives no tree for DML, and loses some type names.
import { GATE, refuse } from "./refusal.ts";

export interface Token {
  readonly kind: "word" | "quoted" | "string" | "number" | "parameter" | "symbol";
  readonly text: string;
}

const PATTERNS: readonly (readonly [Token["kind"] | "space", RegExp])[] = [
  ["space", /(?:\s+|--[^\n]*)/y],
  ["string", /[eE]'(?:[^'\\]|''|\\[\s\S])*'/y],
  ["string", /'(?:[^']|'')*'/y],
  ["quoted", /"(?:[^"]|"")*"/y],
  ["parameter", /\$\d+/y],
  ["word", /[\p{L}_][\p{L}\p{N}_$]*/uy],
  ["number", /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y],
  ["symbol", /::|[(),;.[\]]/y],
  // A run of operator characters stays in one piece (~~, <=, !~~*), but a comment ends it.
  ["symbol", /(?:(?!--|\/\*)[-+*/<>=~!@#%^&|`?])+|:/y],
];

export function tokenize(sql: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < sql.length) {
    const next = sql.startsWith("/*", at) ? comment(sql, at) : match(sql, at);
    if (next.token) tokens.push(next.token);
    at = next.end;
  }
  return tokens;
}

interface Step {
  readonly end: number;
  readonly token: Token | null;
}

function match(sql: string, at: number): Step {
  for (const [kind, pattern] of PATTERNS) {
    pattern.lastIndex = at;
    const found = pattern.exec(sql)?.[0];
    if (found) return { end: at + found.length, token: kind === "space" ? null : plainToken(sql, at, kind, found) };
  }
  return refuse(GATE.syntax, `unexpected character at position ${at + 1}`, "check quotes and comments");
}

function plainToken(sql: string, at: number, kind: Token["kind"], found: string): Token {
  if (kind === "word" && /^[uUbBxX]$/.test(found) && /^(?:'|&['"])/.test(sql.slice(at + 1, at + 3))) {
    refuse(GATE.syntax, `a literal starting with ${found}' is not supported`, "use a plain quoted literal");
  }
  return { kind, text: found };
}

/** Comments nest in PostgreSQL. */
function comment(sql: string, at: number): Step {
  let depth = 0;
  const edge = /\/\*|\*\//g;
  edge.lastIndex = at;
  for (let found = edge.exec(sql); found; found = edge.exec(sql)) {
    depth += found[0] === "/*" ? 1 : -1;
    if (depth === 0) return { end: edge.lastIndex, token: null };
  }
  return refuse(GATE.syntax, "a comment is not closed", "close it");
}

export function joinTokens(tokens: readonly Token[]): string {
  return tokens.map((token) => token.text).join(" ");
}

/** A bare word in lower case, else "". */
export function tokenWord(token: Token | undefined): string {
  return token?.kind === "word" ? token.text.toLowerCase() : "";
}
