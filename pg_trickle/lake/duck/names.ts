// Names and casts in DuckDB's spelling, for the few statements that the engine writes itself.

export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** `main.events` as DuckDB finds it whatever its current database is. */
export function lakeName(table: string): string {
  const dot = table.indexOf(".");
  const [schema, name] = dot === -1 ? ["main", table] : [table.slice(0, dot), table.slice(dot + 1)];
  return `lake.${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}

const isList = (type: string): boolean => type.endsWith("]");
const isCalendar = (type: string): boolean => type.startsWith("DATE") || type.startsWith("TIMESTAMP");

/** PostgreSQL's text of a value as text that DuckDB's cast to the type understands. */
export function duckText(type: string, text: string): string {
  if (isCalendar(type)) return text.endsWith(" BC") ? beforeChrist(text) : text;
  if (isList(type)) return JSON.stringify(readArray(text));
  return text;
}

/** `0044-03-15 12:00:00+00 BC` is written `0044-03-15 (BC) 12:00:00+00` by DuckDB. */
function beforeChrist(text: string): string {
  const plain = text.slice(0, -" BC".length);
  const end = plain.indexOf(" ");
  return end === -1 ? `${plain} (BC)` : `${plain.slice(0, end)} (BC)${plain.slice(end)}`;
}

export function castFromText(type: string, reference: string): string {
  if (type === "BLOB") return `unhex(substr(${reference}, 3))`;
  if (isList(type)) return `${reference}::json::${type}`;
  return `${reference}::${type}`;
}

type ArrayItem = string | null | ArrayItem[];

/** A PostgreSQL array's text, any number of dimensions. */
function readArray(text: string): ArrayItem[] {
  const tokens = text.match(/[{}]|,|"(?:[^"\\]|\\.)*"|[^{},"]+/g) ?? [];
  const stack: ArrayItem[][] = [[]];
  for (const token of tokens) {
    if (token === "{") stack.push([]);
    else if (token === "}") {
      const done = stack.pop() ?? [];
      stack.at(-1)?.push(done);
    } else if (token !== ",") stack.at(-1)?.push(readElement(token));
  }
  const [array] = stack[0] ?? [];
  return Array.isArray(array) ? array : [];
}

function readElement(token: string): string | null {
  if (token.startsWith('"')) return token.slice(1, -1).replaceAll(/\\(.)/g, "$1");
  return token.toUpperCase() === "NULL" ? null : token;
}
