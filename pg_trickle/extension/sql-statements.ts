// Cuts the extension's SQL into its statements. Knows PostgreSQL's quoting and nothing else of the language; a body in BEGIN ATOMIC
// ends, as everywhere in sql/, with a line that is `end;`.

const COMMENT = /--[^\n]*\n?|\/\*[\s\S]*?\*\//y;
const QUOTED = /'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\w*)\$[\s\S]*?\$\1\$/y;
const ATOMIC = /\bbegin atomic\b[\s\S]*?\nend(?=;)/iy;

/** Without the comments around them and without the semicolon. */
export function splitStatements(sql: string): string[] {
  const statements: string[] = [];
  let start = 0;
  let at = 0;
  while (at < sql.length) {
    const before = sql.slice(start, at).trim() === "";
    const comment = matchAt(COMMENT, sql, at);
    if (comment > at) {
      if (before) start = comment;
      at = comment;
      continue;
    }
    if (sql[at] === ";") {
      statements.push(sql.slice(start, at).trim());
      start = at + 1;
    }
    at = Math.max(matchAt(QUOTED, sql, at), matchAt(ATOMIC, sql, at), at + 1);
  }
  const rest = sql.slice(start).trim();
  return [...statements, rest].filter((text) => text !== "");
}

/** Where a match that begins here ends; here if there is none. */
function matchAt(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}
