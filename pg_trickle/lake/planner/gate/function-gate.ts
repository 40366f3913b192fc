// FUNCTION nodes: an operator, an aggregate, a plain function from the allow-list, or a refusal that says why.
import { child, nodes, text } from "../ast.ts";
import { GATE, refuse } from "../refusal.ts";
import type { Node } from "../types.ts";
import { checkAggregate, isAggregate } from "./aggregates.ts";
import { type Env, onlyMembers, type Typed } from "./env.ts";
import { FUNCTIONS } from "./functions.ts";
import { OPERATORS } from "./operators.ts";

/** Depends on the time, on chance or on the session. */
const VOLATILE = new Set([
  "clock_timestamp",
  "current_catalog",
  "current_database",
  "current_date",
  "current_localtime",
  "current_localtimestamp",
  "current_query",
  "current_role",
  "current_schema",
  "current_schemas",
  "current_setting",
  "current_time",
  "current_timestamp",
  "current_user",
  "currval",
  "gen_random_uuid",
  "get_current_time",
  "get_current_timestamp",
  "getvariable",
  "inet_client_addr",
  "inet_server_addr",
  "localtime",
  "localtimestamp",
  "nextval",
  "now",
  "pg_backend_pid",
  "random",
  "random_normal",
  "session_user",
  "setseed",
  "statement_timestamp",
  "timeofday",
  "today",
  "transaction_timestamp",
  "txid_current",
  "user",
  "uuid",
  "uuidv4",
  "uuidv7",
  "version",
]);

/** Known to give another answer, or none, and what to do instead. */
const DIFFERENT: Readonly<Record<string, string>> = {
  lower: "DuckDB folds every letter of Unicode, PostgreSQL those of its locale",
  upper: "DuckDB folds every letter of Unicode, PostgreSQL those of its locale",
  initcap: "DuckDB has no such function",
  "~~*": "ilike folds case by the locale; use like, or = any (array[…])",
  "!~~*": "ilike folds case by the locale; use like, or = any (array[…])",
  "~": "regular expressions differ; use like, strpos or split_part",
  "!~": "regular expressions differ; use like, strpos or split_part",
  "~*": "regular expressions differ; use like, strpos or split_part",
  "!~*": "regular expressions differ; use like, strpos or split_part",
  regexp_full_match: "regular expressions differ; use like, strpos or split_part",
  regexp_matches: "regular expressions differ; use like, strpos or split_part",
  regexp_replace: "regular expressions differ; use replace or split_part",
  similar_to_escape: "regular expressions differ; use like, strpos or split_part",
  like_escape: "use like without an escape clause: the backslash escapes",
  to_char: "DuckDB has no such function; keep the value and format it where it is read",
  row: "rows compare differently when a member is NULL; compare the columns one by one",
  age: "intervals are written differently; subtract dates instead",
  sqrt: "its last digits differ",
  power: "its last digits differ",
  "^": "its last digits differ",
  exp: "its last digits differ",
  ln: "its last digits differ",
  "<<": "shifting negative numbers is an error in DuckDB",
  array_agg: "arrays are written differently",
  string_agg: "its order is not fixed unless every row's place is",
  stddev: "its last digits differ",
  variance: "its last digits differ",
};

export function checkFunction(node: Node, env: Env): Typed {
  const name = text(node, "function_name").toLowerCase();
  onlyMembers(node, ["function_name", "schema", "children", "filter", "distinct", "is_operator"]);
  const schema = text(node, "schema");
  const isKnown = Object.hasOwn(OPERATORS, name) || isAggregate(name) || Object.hasOwn(FUNCTIONS, name);
  if (!["", "main", "pg_catalog"].includes(schema) || !isKnown) refuseFunction(name);
  if (isAggregate(name)) return aggregate(node, name, env);
  if (node["distinct"] === true || child(node, "filter"))
    refuse(GATE.clause, `distinct or filter of ${name} is not supported`, "it is no aggregate");
  const args = nodes(node, "children").map(env.check);
  const operator = Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : undefined;
  if (operator) return operator(args, env, name);
  return FUNCTIONS[name]?.({ name, args, fromSyntax: schema === "main", env }) ?? refuseFunction(name);
}

function aggregate(node: Node, name: string, env: Env): Typed {
  const filter = child(node, "filter");
  return checkAggregate({
    name,
    args: nodes(node, "children").map(env.check),
    distinct: node["distinct"] === true,
    filter: filter ? env.check(filter) : null,
    env,
  });
}

function refuseFunction(name: string): never {
  if (VOLATILE.has(name) || name.startsWith("pg_")) {
    refuse(
      GATE.volatile,
      `${name}() depends on the time or the session`,
      "a stream table must give the same rows whenever it is computed",
    );
  }
  const hint = Object.hasOwn(DIFFERENT, name) ? DIFFERENT[name] : undefined;
  return refuse(
    GATE.function,
    `${name} is not supported`,
    hint ?? "it is not known to give PostgreSQL's answer in DuckDB",
  );
}
