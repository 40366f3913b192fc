// For tests only: for each type, the values at which two databases are most likely to disagree.

export interface EdgeType {
  /** The table that holds them, and how it is called in messages. */
  readonly name: string;
  readonly postgres: string;
  readonly duckdb: string;
  /** As PostgreSQL's text; null is NULL. */
  readonly values: readonly (string | null)[];
}

const type = (name: string, postgres: string, duckdb: string, values: readonly (string | null)[]): EdgeType => ({
  name,
  postgres,
  duckdb,
  values: [null, ...values],
});

/** U+FEFF in front, a letter and its accent apart and as one, spaces that are not U+0020, what LIKE and arrays take for signs. */
const TEXTS = [
  "",
  " ",
  "a",
  "A",
  "ab",
  " ab  ",
  "\ufeffab",
  "\u00a0ab\u2003",
  "e\u0301a",
  "\u00e9a",
  "Ärger ß İı",
  "日本,本 😀",
  "a%b_c\\",
  "\t\n",
  "NULL",
  "1",
  "aXbXc",
];

const INSTANTS = [
  "1970-01-01 00:00:00",
  "1969-12-31 23:59:59.999999",
  "2026-03-29 00:59:59.5",
  "2026-03-29 01:00:00",
  "2026-10-25 01:30:00",
  "2024-02-29 12:00:00",
  "1900-02-28 23:59:59",
  "2026-11-15 12:00:00",
  "1850-06-01 12:00:00",
  "0001-01-01 00:00:00",
  "12345-06-07 08:09:10.1",
];

export const EDGE_TYPES: readonly EdgeType[] = [
  type("small", "smallint", "SMALLINT", ["0", "1", "-1", "7", "-32768", "32767"]),
  type("int", "integer", "INTEGER", ["0", "1", "-1", "7", "100", "-2147483648", "2147483647"]),
  type("big", "bigint", "BIGINT", ["0", "1", "-7", "5005", "-9223372036854775808", "9223372036854775807"]),
  type("whole", "numeric(18,0)", "DECIMAL(18,0)", ["0", "7", "-999999999999999999", "999999999999999999"]),
  type("money", "numeric(12,2)", "DECIMAL(12,2)", ["0", "1.5", "-0.05", "2.345", "-9999999999.99", "9999999999.99"]),
  type("rate", "numeric(10,4)", "DECIMAL(10,4)", ["0", "0.5", "1.5", "-2.5", "0.00005", "-999999.9999"]),
  type("wide", "numeric(38,10)", "DECIMAL(38,10)", [
    "0",
    "1.5",
    "-0.0000000001",
    "9999999999999999999999999999.9999999999",
  ]),
  type("single", "real", "FLOAT", ["0", "-0", "1.5", "0.1", "16777216", "3.4028235e38", "1e-45", "NaN", "Infinity"]),
  type("double", "double precision", "DOUBLE", [
    "0",
    "-0",
    "0.1",
    "-2.5",
    "1.5",
    "1e15",
    "1e-7",
    "9007199254740993",
    "1.7976931348623157e308",
    "5e-324",
    "NaN",
    "Infinity",
    "-Infinity",
  ]),
  type("text", 'text collate "C"', "VARCHAR", TEXTS),
  type("bool", "boolean", "BOOLEAN", ["true", "false"]),
  type("day", "date", "DATE", [
    "1970-01-01",
    "2024-02-29",
    "2026-03-29",
    "2026-12-31",
    "1900-03-01",
    "0001-01-01",
    "0044-03-15 BC",
    "9999-12-31",
    "12345-06-07",
    "infinity",
    "-infinity",
  ]),
  type("clock", "time", "TIME", ["00:00:00", "23:59:59.999999", "12:30:00.5", "24:00:00"]),
  type("stamp", "timestamp", "TIMESTAMP", [...INSTANTS, "0044-03-15 01:02:03 BC", "infinity", "-infinity"]),
  type("instant", "timestamptz", "TIMESTAMPTZ", [
    ...INSTANTS.map((text) => `${text}+00`),
    "0044-03-15 01:02:03+00 BC",
    "infinity",
    "-infinity",
  ]),
  type("span", "interval", "INTERVAL", ["0", "1 mon", "30 days", "1 day", "24:00:00", "-1 year", "00:00:00.5"]),
  type("uuid", "uuid", "UUID", [
    "00000000-0000-0000-0000-000000000000",
    "7fffffff-ffff-ffff-ffff-ffffffffffff",
    "80000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
  ]),
  type("bytes", "bytea", "BLOB", ["\\x", "\\x00", "\\x0061", "\\xff"]),
];

/** How DuckDB spells what PostgreSQL writes as text. */
export function duckLiteral(edge: EdgeType, value: string | null): string {
  if (value === null) return "NULL";
  const quoted = `'${value.replaceAll("'", "''")}'`;
  if (edge.duckdb === "BLOB") return `unhex('${value.slice(2)}')`;
  if (!value.endsWith(" BC")) return `${quoted}::${edge.duckdb}`;
  const [day = "", ...rest] = value.slice(0, -" BC".length).split(" ");
  return `'${[day, "(BC)", ...rest].join(" ")}'::${edge.duckdb}`;
}
