// What postgres_fdw sends for IMPORT FOREIGN SCHEMA: whether the schema exists, and what its tables are. Exactly these two forms are
// read, word by word; there is no catalog of PostgreSQL here that others could ask.
import { joinTokens, type Token, tokenize } from "./tokens.ts";

export type ImportQuery =
  | { readonly kind: "schema"; readonly schema: string }
  | {
      readonly kind: "tables";
      readonly schema: string;
      /** LIMIT TO or EXCEPT; null: all. */
      readonly names: readonly string[] | null;
      /** Whether `names` are those to leave out. */
      readonly isExcept: boolean;
      /** Names of the eight columns of the answer. */
      readonly columns: readonly string[];
    };

/** Literals are cut out first, so that what is in them cannot look like a part of the statement. */
const LITERAL = "''";
const SCHEMA = "SELECT 1 FROM pg_catalog . pg_namespace WHERE nspname = ''";
const TABLES = new RegExp(
  [
    String.raw`^SELECT relname , attname , format_type \( atttypid , atttypmod \) , attnotnull ,`,
    String.raw`pg_get_expr \( adbin , adrelid \) , attgenerated ,`,
    String.raw`(?:collname , collnsp \. nspname|NULL , NULL)`,
    "FROM pg_class c JOIN pg_namespace n ON relnamespace = n . oid",
    "LEFT JOIN pg_attribute a ON attrelid = c . oid AND attnum > 0 AND NOT attisdropped",
    "LEFT JOIN pg_attrdef ad ON adrelid = c . oid AND adnum = attnum",
    String.raw`(?:LEFT JOIN pg_collation coll ON coll \. oid = attcollation LEFT JOIN pg_namespace collnsp ON collnsp \. oid = collnamespace )?` +
      String.raw`WHERE c \. relkind IN \( (?:'' , )*'' \) AND n \. nspname = ''`,
    String.raw`(?:AND NOT c \. relispartition )?(?:AND c \. relname (NOT )?IN \( ((?:'' , )*'') \) )?ORDER BY c \. relname , a \. attnum$`,
  ].join(" "),
);
const COLUMNS = [
  "relname",
  "attname",
  "format_type",
  "attnotnull",
  "pg_get_expr",
  "attgenerated",
  "collname",
  "nspname",
];
const KINDS = /relkind IN \( ((?:'' , )*'') \)/;

/** Null for any other statement. */
export function readImport(sql: string): ImportQuery | null {
  if (!/pg_(?:namespace|class)/.test(sql)) return null;
  const tokens = tokenize(sql);
  const text = joinTokens(tokens.map((token) => (token.kind === "string" ? { ...token, text: LITERAL } : token)));
  const literals = tokens.filter(({ kind }) => kind === "string").map(literalValue);
  if (text === SCHEMA) return { kind: "schema", schema: literals[0] ?? "" };
  const found = TABLES.exec(text);
  if (!found) return null;
  const kinds = KINDS.exec(text)?.[1]?.split(",").length ?? 0;
  const [schema = "", ...names] = literals.slice(kinds);
  return {
    kind: "tables",
    schema,
    names: found[2] === undefined ? null : names,
    isExcept: found[1] !== undefined,
    columns: COLUMNS,
  };
}

/** As postgres_fdw writes them: quotes doubled, and with a backslash in it as E'…', backslashes doubled too. */
function literalValue({ text }: Token): string {
  const isEscaped = /^e/i.test(text);
  const inner = text.slice(isEscaped ? 2 : 1, -1).replaceAll("''", "'");
  return isEscaped ? inner.replaceAll("\\\\", "\\") : inner;
}
