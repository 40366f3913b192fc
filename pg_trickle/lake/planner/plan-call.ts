// Reads the statement that postgres_fdw ships for a foreign table of schema `engine`: which plan, at which snapshots.
import { child, nodes, onlyStatement, statement, strings, syntaxError, text, walk } from "./ast.ts";
import { allOf } from "./build.ts";
import { literalText } from "./gate/env.ts";
import { bindParameters } from "./parameters.ts";
import { readPlan } from "./plan.ts";
import { badPlan, badPseudoColumn, forbidden, GATE, refusable, refuse } from "./refusal.ts";
import type { Ast, Node, ParameterValue, PlanCall, PlanRelation, Refusal } from "./types.ts";

export const ENGINE_SCHEMA = "engine";

type Pseudo = "plan" | "to_snapshot" | "reads" | "folder" | "definition";

const REQUIRED: Readonly<Record<PlanRelation, readonly Pseudo[]>> = {
  describe: ["plan"],
  recompute: ["plan", "to_snapshot"],
  delta: ["plan", "to_snapshot", "reads"],
  seal: ["plan", "to_snapshot", "reads"],
  changes: ["plan", "to_snapshot", "reads"],
  stored: ["folder"],
  counters: [],
  ping: [],
  create_table: ["definition"],
};

export function readPlanCall(ast: Ast, parameter: ParameterValue): PlanCall | Refusal {
  return refusable(() => planCall(ast, parameter));
}

function planCall(ast: Ast, parameter: ParameterValue): PlanCall {
  const query = selectNode(ast);
  const relation = engineRelation(query);
  const bound = bindParameters(query, parameter);
  const { values, rest } = takePseudoColumns(bound, REQUIRED[relation]);
  const missing = REQUIRED[relation].find((name) => !values.has(name));
  if (missing !== undefined) {
    badPseudoColumn(
      `engine.${relation} needs ${missing} = <value>`,
      "give it as a constant, a parameter or a scalar subselect; stable functions and joins are not shipped",
    );
  }
  const planText = values.get("plan") ?? null;
  return {
    ok: true,
    relation,
    plan: planText === null ? null : readPlan(planText),
    planText,
    toSnapshot: snapshotId(values, "to_snapshot"),
    readsText: values.get("reads") ?? null,
    folder: values.get("folder") ?? null,
    definition: values.get("definition") ?? null,
    statement: statement({ ...bound, where_clause: allOf(rest) }),
  };
}

function selectNode(ast: Ast): Node {
  const problem = syntaxError(ast);
  if (problem !== null) refuse(GATE.syntax, problem, "only SELECT over one engine relation is served");
  const query = onlyStatement(ast);
  if (!query || text(query, "type") !== "SELECT_NODE")
    return refuse(GATE.statement, "only one plain SELECT is served", "ask for one engine relation");
  return query;
}

/** The only relation in the statement; it must be an engine relation standing alone in FROM. */
function engineRelation(query: Node): PlanRelation {
  const tables = [...walk(query)].filter((node) => isFromItem(node));
  const [only] = tables;
  const from = child(query, "from_table");
  if (!only || !from || tables.length !== 1 || text(from, "type") !== "BASE_TABLE") {
    return forbidden(
      "exactly one engine relation is served per statement",
      "read each through its own `as materialized` CTE",
    );
  }
  const [schema, name] = [text(only, "schema_name"), text(only, "table_name")];
  if (schema !== ENGINE_SCHEMA || !Object.hasOwn(REQUIRED, name)) {
    forbidden(
      `relation "${schema}.${name}" is not an engine relation`,
      `there are ${Object.keys(REQUIRED).join(", ")}`,
    );
  }
  return name as PlanRelation;
}

const FROM_ITEMS = new Set([
  "BASE_TABLE",
  "TABLE_FUNCTION",
  "SUBQUERY",
  "JOIN",
  "EXPRESSION_LIST",
  "SHOW_REF",
  "PIVOT",
  "DELIM_GET",
  "COLUMN_DATA",
]);

function isFromItem(node: Node): boolean {
  return FROM_ITEMS.has(text(node, "type"));
}

interface Taken {
  readonly values: ReadonlyMap<Pseudo, string>;
  /** The conjuncts that stay: also a second, perhaps contradicting, condition on the same pseudo column. */
  readonly rest: readonly Node[];
}

function takePseudoColumns(query: Node, wanted: readonly Pseudo[]): Taken {
  const values = new Map<Pseudo, string>();
  const rest: Node[] = [];
  for (const condition of conjuncts(child(query, "where_clause"))) {
    const given = equality(condition, wanted);
    if (given && !values.has(given.name)) values.set(given.name, given.value);
    else rest.push(condition);
  }
  return { values, rest };
}

function conjuncts(node: Node | null): readonly Node[] {
  if (!node) return [];
  return text(node, "type") === "CONJUNCTION_AND" ? nodes(node, "children").flatMap(conjuncts) : [node];
}

function equality(node: Node, wanted: readonly Pseudo[]): { readonly name: Pseudo; readonly value: string } | null {
  const [left, right] = [child(node, "left"), child(node, "right")];
  if (text(node, "type") !== "COMPARE_EQUAL" || !left || !right) return null;
  return oneSide(left, right, wanted) ?? oneSide(right, left, wanted);
}

function oneSide(column: Node, value: Node, wanted: readonly Pseudo[]) {
  const names = text(column, "class") === "COLUMN_REF" ? strings(column, "column_names") : [];
  const name = wanted.find((candidate) => candidate === names[names.length - 1]);
  const content = constantText(value);
  return name === undefined || content === null ? null : { name, value: content };
}

/** A constant's text through any number of casts. */
function constantText(node: Node): string | null {
  if (text(node, "class") === "CAST") return constantText(child(node, "child") ?? {});
  const quoted = literalText(node);
  if (quoted !== null) return quoted;
  const value = text(node, "class") === "CONSTANT" ? child(node, "value") : null;
  const content = value?.["value"];
  return content === undefined || content === null || typeof content === "boolean" ? null : String(content);
}

function snapshotId(values: ReadonlyMap<Pseudo, string>, name: Pseudo): bigint | null {
  const value = values.get(name);
  if (value === undefined) return null;
  if (!/^\d{1,18}$/.test(value))
    badPlan(`${name} = ${value} is not a snapshot`, "snapshot ids are whole numbers from 0");
  return BigInt(value);
}
