/**
 * Writes what ALTER EXTENSION … UPDATE reads. Most of it follows from the scripts of both versions: functions that are gone or have
 * another signature or result are dropped, all others replaced, views replaced, what is new is made, comments and grants are given
 * again. A table or type that has changed needs a file of its own in the folder of the update, under the path of the source that
 * makes it: it runs before what follows from that source. Other files run before all sources, after those that make something, or
 * at the very end.
 */
import { splitStatements } from "./sql-statements.ts";

export interface SqlFile {
  readonly path: string;
  readonly text: string;
}

export interface Update {
  /** The script of the version that is updated. */
  readonly before: string;
  /** In the order in which they run. */
  readonly sources: readonly SqlFile[];
  /** The files of the update's folder. */
  readonly changes: readonly SqlFile[];
}

/** Folders of an update: each runs as a whole, its files in path order. */
const STAGES = ["before", "after", "last"] as const;
/** The module that closes an installation. It locks the lake's catalog to the end, so nothing that waits for stream tables comes after it. */
const CLOSING = "rights/";
const REPEATED = /^(?:comment|grant|revoke|do|alter function|select pgtrickle_guard\.attach)\b/;
const MADE =
  /^create (?:unique )?(?:constraint )?(table|index|type|schema|trigger|event trigger|foreign data wrapper) ([\w.]+)/;

export function buildUpdateScript({ before, sources, changes }: Update): string {
  const old = splitStatements(before.replace(/^\\echo .*/, ""));
  const stage = (name: (typeof STAGES)[number]) => changes.filter(({ path }) => path.startsWith(`${name}/`));
  checkPlaces(sources, changes);
  const ofSource = (source: SqlFile): SqlFile[] => {
    const change = changes.filter(({ path }) => path === source.path);
    return [...change, updateSource(source, old, change[0]?.text ?? "")];
  };
  const isClosing = ({ path }: SqlFile) => path.startsWith(CLOSING);
  const files: SqlFile[] = [
    ...stage("before"),
    { path: "what is gone", text: functionDrops(old, sources) },
    ...sources.filter((source) => !isClosing(source)).flatMap(ofSource),
    ...stage("after"),
    ...sources.filter(isClosing).flatMap(ofSource),
    ...stage("last"),
  ];
  return files
    .filter(({ text }) => text !== "")
    .map(({ path, text }) => `-- ${path}\n${text.trim()}\n`)
    .join("\n");
}

function checkPlaces(sources: readonly SqlFile[], changes: readonly SqlFile[]): void {
  const known = new Set(sources.map(({ path }) => path));
  const stray = changes.find(({ path }) => !(known.has(path) || STAGES.some((name) => path.startsWith(`${name}/`))));
  if (stray !== undefined) {
    throw new Error(
      `the update's file ${stray.path} would never run: give it the path of a source below sql/, or a folder of ${STAGES.join(", ")}`,
    );
  }
}

/** What an existing database needs of a source. `change`: what alters the tables and types of it that have changed. */
function updateSource(source: SqlFile, old: readonly string[], change: string): SqlFile {
  const known = new Set(old);
  const made = new Set(old.map(identityOf));
  const renamed = new Set(renamedTo(change));
  const kept: string[] = [];
  for (const statement of splitStatements(source.text).filter((item) => !renamed.has(identityOf(item)))) {
    if (/^create (?:function|view) /.test(statement)) {
      kept.push(statement.replace(/^create/, "create or replace"));
    } else if (REPEATED.test(statement) || !(known.has(statement) || made.has(identityOf(statement)))) {
      kept.push(statement);
    } else if (!(known.has(statement) || isNamed(identityOf(statement), change))) {
      throw new Error(
        `${source.path} makes another ${identityOf(statement)} than before: the update needs a file ${source.path} that alters it`,
      );
    }
  }
  return { path: source.path, text: kept.map((statement) => `${statement};\n`).join("") };
}

/** A source makes several tables: a file that alters one of them is none for the others. */
function isNamed(identity: string, change: string): boolean {
  const name = identity.slice(identity.lastIndexOf(" ") + 1);
  return splitStatements(change).some((statement) => statement.split(/[^\w.]+/).includes(name));
}

/** What a change has given another name: it is there, and must not be made. Indexes are made by their bare names. */
function renamedTo(change: string): readonly string[] {
  return splitStatements(change).flatMap((statement) => {
    const [, kind, schema, name] = /^alter (table|index) (\w+)\.\w+ rename to (\w+)$/.exec(statement) ?? [];
    if (kind === undefined) return [];
    return [kind === "index" ? `index ${name}` : `table ${schema}.${name}`];
  });
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
