// Sorts statements: those about the session and its transaction are understood here, word by word; everything else is a
// query for the planner, which alone decides what it means.
import { LakeError, SQL_STATE } from "../errors.ts";

export type Command =
  | { readonly kind: "begin"; readonly serializable: boolean }
  | { readonly kind: "commit" }
  | { readonly kind: "rollback" }
  | { readonly kind: "savepoint"; readonly name: string }
  | { readonly kind: "rollbackTo"; readonly name: string }
  | { readonly kind: "release"; readonly name: string }
  | { readonly kind: "set"; readonly name: string; readonly value: string | null; readonly local: boolean }
  | { readonly kind: "show"; readonly name: string }
  | { readonly kind: "declare"; readonly cursor: string; readonly sql: string }
  | { readonly kind: "fetch"; readonly cursor: string; readonly count: number }
  | { readonly kind: "closeCursor"; readonly cursor: string | null }
  | { readonly kind: "deallocate"; readonly name: string | null }
  | { readonly kind: "discard" }
  | { readonly kind: "query"; readonly sql: string };

const NAME = String.raw`("(?:[^"]|"")+"|[A-Za-z_][\w$]*)`;

interface Form {
  readonly pattern: RegExp;
  readonly read: (groups: readonly (string | undefined)[]) => Command;
}

function form(pattern: string, read: Form["read"]): Form {
  return { pattern: new RegExp(`^${pattern}$`, "is"), read };
}

const isAll = (text: string | undefined): boolean => /^all$/i.test(text ?? "");

const FORMS: readonly Form[] = [
  form(String.raw`(?:begin|start)(?:\s+(.*))?`, ([modes]) => ({
    kind: "begin",
    serializable: /serializable/i.test(modes ?? ""),
  })),
  form(String.raw`(?:commit|end)(?:\s+(?:transaction|work))?`, () => ({ kind: "commit" })),
  form(String.raw`(?:rollback|abort)(?:\s+(?:transaction|work))?`, () => ({ kind: "rollback" })),
  form(String.raw`savepoint\s+${NAME}`, ([name]) => ({ kind: "savepoint", name: readName(name) })),
  form(String.raw`rollback(?:\s+(?:transaction|work))?\s+to(?:\s+savepoint)?\s+${NAME}`, ([name]) => ({
    kind: "rollbackTo",
    name: readName(name),
  })),
  form(String.raw`release(?:\s+savepoint)?\s+${NAME}`, ([name]) => ({ kind: "release", name: readName(name) })),
  form(String.raw`set\s+(?:(local|session)\s+)?time\s+zone\s+(.+)`, ([scope, value]) =>
    setCommand(scope, "timezone", value),
  ),
  form(String.raw`set\s+(?:(local|session)\s+)?([\w.]+)(?:\s*=\s*|\s+to\s+)(.*)`, ([scope, name, value]) =>
    setCommand(scope, name ?? "", value),
  ),
  form(String.raw`reset\s+([\w.]+)`, ([name]) => ({ kind: "set", name: readName(name), value: null, local: false })),
  form(String.raw`show\s+([\w.]+|time\s+zone)`, ([name]) => ({
    kind: "show",
    name: readName(name).replace(/\s+/g, ""),
  })),
  form(
    String.raw`declare\s+${NAME}\s+(?:(?:no\s+scroll|insensitive|asensitive)\s+)*cursor(?:\s+without\s+hold)?\s+for\s+(.+)`,
    ([name, sql]) => ({
      kind: "declare",
      cursor: readName(name),
      sql: sql ?? "",
    }),
  ),
  form(String.raw`fetch\s+(?:forward\s+)?(?:(\d+|all|next)\s+)?(?:(?:from|in)\s+)?${NAME}`, ([count, name]) => ({
    kind: "fetch",
    cursor: readName(name),
    count: readCount(count),
  })),
  form(String.raw`close\s+${NAME}`, ([name]) => ({ kind: "closeCursor", cursor: isAll(name) ? null : readName(name) })),
  form(String.raw`deallocate(?:\s+prepare)?\s+${NAME}`, ([name]) => ({
    kind: "deallocate",
    name: isAll(name) ? null : readName(name),
  })),
  form("discard\\s+all", () => ({ kind: "discard" })),
];

function readName(text: string | undefined): string {
  const name = text ?? "";
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name.toLowerCase();
}

function readCount(text: string | undefined): number {
  if (text === undefined || /^next$/i.test(text)) return 1;
  return isAll(text) ? Number.MAX_SAFE_INTEGER : Number(text);
}

function setCommand(scope: string | undefined, name: string, text: string | undefined): Command {
  const value = (text ?? "").trim();
  const plain = value.startsWith("'") ? value.slice(1, -1).replaceAll("''", "'") : value;
  const isDefault = /^default$/i.test(value);
  return {
    kind: "set",
    name: name.toLowerCase(),
    value: isDefault ? null : plain,
    local: /^local$/i.test(scope ?? ""),
  };
}

export function readCommand(sql: string): Command {
  for (const { pattern, read } of FORMS) {
    const match = pattern.exec(sql);
    if (match !== null) return read(match.slice(1));
  }
  return { kind: "query", sql };
}

/** The statements of a simple query. Quotes, comments and dollar quotes keep their semicolons. */
export function splitStatements(sql: string): string[] {
  const piece =
    /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|(\$\w*\$)[\s\S]*?\1|;|[^'"$;/-]+|[$-]|\/(?!\*)/gy;
  const statements: string[] = [];
  let current = "";
  for (const [text] of sql.matchAll(piece)) {
    if (text !== ";") {
      current += text;
      continue;
    }
    statements.push(current.trim());
    current = "";
  }
  if (unread(sql, piece)) throw new LakeError(SQL_STATE.syntaxError, "unterminated quoted text in the statement");
  statements.push(current.trim());
  return statements.filter((statement) => statement !== "");
}

function unread(sql: string, piece: RegExp): boolean {
  const read = [...sql.matchAll(piece)].reduce((sizeChars, [text]) => sizeChars + text.length, 0);
  return read < sql.length;
}
