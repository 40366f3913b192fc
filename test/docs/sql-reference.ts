// docs/sql.md against the catalog: the rows that the page has to have, made of signatures and comments. Pure.

export interface FunctionFact {
  readonly name: string;
  readonly arguments: string;
  readonly result: string;
  readonly comment: string;
}

export interface ColumnFact {
  /** A view or a type. */
  readonly relation: string;
  readonly column: string;
  readonly type: string;
  readonly comment: string;
}

const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ");
/** Outside of code: a name in angle brackets would be taken for HTML and not be shown. */
const prose = (text: string) => cell(text).replaceAll("<", "\\<");

/** As people write it: no casts of defaults, short names of types, keywords in lower case. */
function spelled(declaration: string): string {
  return declaration
    .replaceAll("timestamp with time zone", "timestamptz")
    .replace(/ DEFAULT (NULL|'[^']*'|\w+)(?:::[\w.]+(?:\[\])?)?/g, (_, value: string) =>
      value === "NULL" ? " default null" : ` default ${value}`,
    )
    .replace(/\b(SETOF|TABLE)\b/g, (word) => word.toLowerCase());
}

export function functionRow(fact: FunctionFact): string {
  const signature = `pgtrickle.${fact.name}(${spelled(fact.arguments)})`;
  return `| \`${cell(signature)}\` | \`${cell(spelled(fact.result))}\` | ${prose(fact.comment)} |`;
}

function columnRow({ column, type, comment }: ColumnFact): string {
  return `| \`${column}\` | \`${cell(spelled(type))}\` | ${prose(comment)} |`;
}

/** The heading that names the view or type, and the table below it. */
export function columnTable(relation: string, columns: readonly ColumnFact[]): string {
  const rows = columns.filter((fact) => fact.relation === relation).map(columnRow);
  return [`### ${relation}`, "| column | type | |\n|---|---|---|", ...rows].join("\n");
}

/** Rows of the page that describe a function, in their order. */
export function documentedFunctions(page: string): string[] {
  return page.split("\n").filter((line) => line.startsWith("| `pgtrickle."));
}
