// The gate: rebuilds a query from the parts that are known to mean the same in DuckDB as in PostgreSQL.
import { text } from "../ast.ts";
import { AVERAGE_HINT, GATE, refuse } from "../refusal.ts";
import type { Node } from "../types.ts";
import { checkCast, checkConstant } from "./casts.ts";
import { checkColumn } from "./columns.ts";
import {
  type CheckedQuery,
  EMPTY_SCOPE,
  type Env,
  type Findings,
  onlyMembers,
  type Relation,
  type Scope,
  type Typed,
} from "./env.ts";
import { checkFunction } from "./function-gate.ts";
import { checkBetween, checkCase, checkComparison, checkConjunction, checkOperator } from "./operators.ts";
import { checkQuery } from "./queries.ts";
import { checkSubquery } from "./subqueries.ts";

type Rule = (node: Node, env: Env) => Typed;

const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ["COLUMN_REF", checkColumn],
  ["CONSTANT", checkConstant],
  ["CAST", checkCast],
  ["COMPARISON", checkComparison],
  ["BETWEEN", checkBetween],
  ["CONJUNCTION", checkConjunction],
  ["OPERATOR", checkOperator],
  ["FUNCTION", checkFunction],
  ["CASE", checkCase],
  ["SUBQUERY", checkSubquery],
  ["COLLATE", checkCollate],
  ["PARAMETER", () => refuse(GATE.parameter, "a parameter is not supported here", "give its value")],
  ["WINDOW", () => refuse(GATE.window, "window functions are not supported yet", "use group by")],
]);

/** The lake compares texts byte by byte, which is what "C" asks for. */
function checkCollate(node: Node, env: Env): Typed {
  onlyMembers(node, ["child", "collation"]);
  const collation = text(node, "collation");
  if (!["C", "POSIX", "ucs_basic"].includes(collation)) {
    refuse(
      GATE.locale,
      `collation "${collation}" is not supported`,
      'the lake compares texts byte by byte: use collate "C"',
    );
  }
  return env.check(node["child"] as Node);
}

export interface GateOptions {
  readonly relation: (schema: string, name: string) => Relation | null;
  readonly allowUnorderedLimit: boolean;
}

export function gateEnv(options: GateOptions): Env {
  const findings: Findings = { relations: [], timeZoneDependent: false, hasExactAverage: false };
  return envWithin(EMPTY_SCOPE, findings, options);
}

function envWithin(scope: Scope, findings: Findings, options: GateOptions): Env {
  const env: Env = {
    scope,
    findings,
    allowUnorderedLimit: options.allowUnorderedLimit,
    relation: options.relation,
    check: (node) => refuseAverage(checkExpression(node, env)),
    output: (node) => checkExpression(node, env),
    query: (node, inner) => checkQuery(node, inner, env),
    within: (inner) => envWithin(inner, findings, options),
  };
  return env;
}

function refuseAverage(value: Typed): Typed {
  if (value.type.kind !== "average") return value;
  return refuse(
    GATE.average,
    "computing with avg over exact numbers differs between DuckDB and PostgreSQL",
    AVERAGE_HINT,
  );
}

function checkExpression(node: Node, env: Env): Typed {
  const rule = RULES.get(text(node, "class"));
  return rule
    ? rule(node, env)
    : refuse(GATE.clause, `${text(node, "class").toLowerCase()} expressions are not supported`, "use plain SQL");
}

export function gate(query: Node, options: GateOptions): CheckedQuery & { readonly findings: Findings } {
  const env = gateEnv(options);
  const checked = env.query(query, EMPTY_SCOPE);
  return { ...checked, findings: env.findings };
}
