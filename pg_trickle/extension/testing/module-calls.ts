/**
 * Which module of the extension's SQL calls or names what of which other one, by its text alone. All of our SQL qualifies names, since
 * every function fixes its search_path. A name in a string counts, as it may be run; but not one of schema pgtrickle: these are said to people,
 * in hints, and nothing of ours runs them from a string.
 */
import { splitStatements } from "../sql-statements.ts";
import type { SqlFile } from "../update-script.ts";

const MADE =
  /^create (?:constraint )?(function|table|view|type|schema|event trigger|trigger|(?:unique )?index|foreign data wrapper) ([\w.]+)/;
const NAME = /\bpgtrickle\w*\.\w+/g;
const SPOKEN = /\bpgtrickle\.\w+/g;
/** Strings are kept: two dashes in one begin no comment. */
const STRING_OR_COMMENT = /('(?:[^']|'')*')|--[^\n]*/g;

/** Names such as `pgtrickle_internal.publish` that a statement makes, if it makes one. */
export function madeBy(statement: string): string | undefined {
  const [, kind, name] = MADE.exec(statement) ?? [];
  return kind !== undefined && /^(?:function|table|view|type)$/.test(kind) ? name : undefined;
}

/** Names in a statement, without those that only speak of something: in comments, and of schema pgtrickle in strings. */
export function namesIn(statement: string): Set<string> {
  const text = statement.replaceAll(STRING_OR_COMMENT, (_, string?: string) => (string ?? "").replaceAll(SPOKEN, ""));
  return new Set(text.match(NAME) ?? []);
}

export interface Call {
  readonly from: string;
  readonly to: string;
  /** `<file> names <what>`. */
  readonly what: string;
}

export function moduleOf(path: string): string {
  return path.slice(0, path.indexOf("/"));
}

/** Between different modules only. */
export function moduleCalls(sources: readonly SqlFile[]): Call[] {
  const home = new Map<string, string>();
  for (const { path, text } of sources) {
    for (const statement of splitStatements(text)) {
      const name = madeBy(statement);
      if (name !== undefined) home.set(name, moduleOf(path));
    }
  }
  return sources.flatMap(({ path, text }) => {
    // Who may call what says nothing of who does.
    const statements = splitStatements(text).filter(
      (statement) => !/^(?:comment|grant|revoke|alter function) /.test(statement),
    );
    const names = new Set(statements.flatMap((statement) => [...namesIn(statement)]));
    return [...names].flatMap((name) => {
      const to = home.get(name);
      const from = moduleOf(path);
      return to === undefined || to === from ? [] : [{ from, to, what: `${path} names ${name}` }];
    });
  });
}
