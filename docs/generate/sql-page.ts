// The SQL reference from the extension's sources, without a database. The rows of functions in docs/sql.md are written in place;
// docs/reference/sql.md is an index of that page. test/docs/sql-page.pg.test.ts compares them with the installed extension. Pure.
import { code, page, prose, table } from "./markdown.ts";

export interface PublicFunction {
  readonly name: string;
  readonly arguments: string;
  readonly result: string;
  readonly comment: string;
}

const CREATED = /^create function pgtrickle\.(\w+)\(([\s\S]*?)\)\s*(?:returns\s+([\s\S]*?)\s*)?\nlanguage /;
const COMMENTED = /^comment on function pgtrickle\.(\w+)\(([^)]*)\) is\s+((?:'(?:[^']|'')*'\s*)+)$/;

const joined = (text: string) =>
  text
    .replaceAll(/--[^\n]*/g, "")
    .replaceAll(/\s+/g, " ")
    .trim();

/** `'a' \n 'b'` is one literal. */
function literal(text: string): string {
  return [...text.matchAll(/'((?:[^']|'')*)'/g)].map(([, part = ""]) => part.replaceAll("''", "'")).join("");
}

const splitArguments = (text: string) => (text === "" ? [] : text.split(", "));

/** OUT columns make the result; they are spelled in capitals there, as PostgreSQL does. */
function resultOf(args: string, result: string | undefined): string {
  if (result !== undefined) return joined(result).replace(/^table \( ?/, "table(");
  return splitArguments(args).some((one) => one.startsWith("out ")) ? "record" : "void";
}

function functionOf(statement: string): Omit<PublicFunction, "comment"> | undefined {
  const [, name, args = "", result] = CREATED.exec(statement) ?? [];
  if (name === undefined) return undefined;
  const one = joined(args);
  return { name, arguments: one.replaceAll(/(^|, )out /g, "$1OUT "), result: resultOf(one, result) };
}

/** A function's types, as its comment names it: what `alter` and `drop` would take. */
const typesOf = (args: string) =>
  splitArguments(args)
    .filter((one) => !one.startsWith("OUT "))
    .map((one) => one.replace(/ default .*$/, "").replace(/^\w+ /, ""))
    .join(", ");

/** Of the statements of the extension's sources; throws where a function has no comment. */
export function publicFunctions(statements: readonly string[]): PublicFunction[] {
  const comments = new Map(
    statements.flatMap((statement): [string, string][] => {
      const [, name, types = "", text = ""] = COMMENTED.exec(statement) ?? [];
      return name === undefined ? [] : [[`${name}(${joined(types)})`, literal(text)]];
    }),
  );
  const found = statements.flatMap((statement) => functionOf(statement) ?? []);
  return found.map((one) => {
    const signature = `${one.name}(${typesOf(one.arguments)})`;
    const comment = comments.get(signature);
    if (comment === undefined) throw new Error(`pgtrickle.${signature} has no comment: add \`comment on function\``);
    return { ...one, comment };
  });
}

export function functionRow({ name, arguments: args, result, comment }: PublicFunction): string {
  const cells = [code(`pgtrickle.${name}(${args})`), code(result), prose(comment)];
  return `| ${cells.join(" | ")} |`;
}

const ROW = /^\| `pgtrickle\.(\w+)\((.*?)\)` \|/;

/** The page with each of its function rows as the sources say; throws where page and sources have other functions. */
export function withFunctionRows(markdown: string, functions: readonly PublicFunction[]): string {
  const left = [...functions];
  const lines = markdown.split("\n").map((line) => {
    const [, name, args] = ROW.exec(line) ?? [];
    if (name === undefined) return line;
    const same = left.filter((one) => one.name === name);
    const exact = same.find((one) => one.arguments === args);
    const taken = exact ?? same[0];
    if (taken === undefined) throw new Error(`docs/sql.md has pgtrickle.${name}(), which the extension does not make`);
    left.splice(left.indexOf(taken), 1);
    return functionRow(taken);
  });
  if (left.length > 0) {
    const names = left.map(({ name }) => `pgtrickle.${name}()`).join(", ");
    throw new Error(`docs/sql.md has no row for ${names}: add \`| \\\`pgtrickle.<name>()\\\` | | |\` where it belongs`);
  }
  return lines.join("\n");
}

/** As GitHub makes the anchor of a heading. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\w -]/g, "")
    .replaceAll(" ", "-");

interface Entry {
  readonly name: string;
  readonly returns: string;
  readonly section: string;
}

function entriesOf(markdown: string): Entry[] {
  let section = "";
  return markdown.split("\n").flatMap((line): Entry[] => {
    const heading = /^##+ (.*)$/.exec(line)?.[1];
    if (heading !== undefined) section = heading;
    if (heading?.startsWith("pgtrickle.") === true) return [{ name: heading, returns: "columns", section }];
    const [, name, args] = ROW.exec(line) ?? [];
    return name === undefined ? [] : [{ name: `pgtrickle.${name}(${args})`, returns: cellOf(line, 1), section }];
  });
}

const cellOf = (line: string, index: number) => line.slice(2, -2).split(/ \| /)[index] ?? "";

export function sqlPage(markdown: string): string {
  const entries = entriesOf(markdown).sort((one, other) =>
    one.name < other.name ? -1 : Number(one.name > other.name),
  );
  return page("SQL", "docs/sql.md", [
    "Every function, view and type of schema `pgtrickle`. Signatures, descriptions and columns are in [SQL](../sql.md), by task; the codes of errors in [errors](errors.md). Other schemas are private.",
    table(
      ["name", "returns", "described under"],
      entries.map(({ name, returns, section }) => [
        `[\`${name}\`](../sql.md#${anchorOf(section)})`,
        returns,
        section.startsWith("pgtrickle.") ? "" : section,
      ]),
    ),
  ]);
}
