/**
 * Writes what ALTER EXTENSION … UPDATE reads. Most of it follows from the scripts of both versions: functions that are gone or have
 * another signature or result are dropped, all others replaced, views replaced, what is new is made, comments and grants are given
 * again. A table or type that has changed needs a file of its own in the folder of the update, under the path of the source that
 * makes it. All files of that folder take their place among the sources, in path order.
 */
import { splitStatements } from "./sql-statements.ts";

export interface SqlFile {
  readonly path: string;
  readonly text: string;
}

export interface Update {
  /** The script of the version that is updated. */
  readonly before: string;
  readonly sources: readonly SqlFile[];
  /** The files of the update's folder. */
  readonly changes: readonly SqlFile[];
}

/** Runs before the first source. */
const DROPS = "01_gone.sql";
const REPEATED = /^(?:comment|grant|revoke|do|select pgtrickle_guard\.attach)\b/;
const MADE =
  /^create (?:unique )?(?:constraint )?(table|index|type|schema|trigger|event trigger|foreign data wrapper) ([\w.]+)/;

export function buildUpdateScript({ before, sources, changes }: Update): string {
  const old = splitStatements(before.replace(/^\\echo .*/, ""));
  const files: SqlFile[] = [
    { path: DROPS, text: functionDrops(old, sources) },
    ...changes,
    ...sources.map(({ path, text }) => ({
      path,
      text: updateSource({ path, text }, old, new Set(changes.map((change) => change.path))),
    })),
  ];
  return files
    .filter(({ text }) => text !== "")
    .sort((one, other) => (one.path < other.path ? -1 : Number(one.path > other.path)))
    .map(({ path, text }) => `-- ${path}\n${text.trim()}\n`)
    .join("\n");
}

/** What an existing database needs of a source. The sort is stable: a file of the same path comes before it. */
function updateSource(source: SqlFile, old: readonly string[], changed: ReadonlySet<string>): string {
  const known = new Set(old);
  const made = new Set(old.map(identityOf));
  const kept: string[] = [];
  for (const statement of splitStatements(source.text)) {
    if (/^create (?:function|view) /.test(statement)) {
      kept.push(statement.replace(/^create/, "create or replace"));
    } else if (REPEATED.test(statement) || !(known.has(statement) || made.has(identityOf(statement)))) {
      kept.push(statement);
    } else if (!(known.has(statement) || changed.has(source.path))) {
      throw new Error(
        `${source.path} makes another ${identityOf(statement)} than before: the update needs a file ${source.path}`,
      );
    }
  }
  return kept.map((statement) => `${statement};\n`).join("");
}

/** Such as `table a.b`; of what makes nothing, the statement. Our triggers have names of their own. */
function identityOf(statement: string): string {
  const [, kind, name] = MADE.exec(statement) ?? [];
  return kind === undefined ? statement : `${kind} ${name}`;
}

function functionDrops(old: readonly string[], sources: readonly SqlFile[]): string {
  const after = functionsOf(sources.flatMap(({ text }) => splitStatements(text)));
  const gone = [...functionsOf(old)].filter(([signature, header]) => after.get(signature) !== header);
  return gone.map(([signature]) => `drop function ${signature};\n`).join("");
}

/** Signatures with what CREATE OR REPLACE cannot change: names of parameters, defaults and results. */
function functionsOf(statements: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  let header = "";
  for (const statement of statements) {
    if (statement.startsWith("create function ")) header = statement.slice(0, statement.indexOf("\nlanguage "));
    // The style wants a comment after each function, and it has the signature as DROP takes it.
    const signature = /^comment on function ([\s\S]*?\)) is\s/.exec(statement)?.[1];
    if (signature !== undefined) found.set(signature, header.replaceAll(/\s+/g, " "));
  }
  return found;
}
