// Parameters become constants before anything else looks at the tree: a pseudo column is often given by one, and the
// statement that is run then needs none.
import { rewrite, text } from "./ast.ts";
import { nullConstant, textConstant } from "./build.ts";
import { GATE, refuse } from "./refusal.ts";
import type { Ast, Node, ParameterValue } from "./types.ts";

export function bindParameters(ast: Ast, parameter: ParameterValue): Ast {
  return rewrite(ast, (node) => (text(node, "class") === "PARAMETER" ? bound(node, parameter) : node));
}

function bound(node: Node, parameter: ParameterValue): Node {
  const name = text(node, "identifier");
  if (!/^[1-9]\d{0,5}$/.test(name))
    refuse(GATE.parameter, `parameter $${name} is not supported`, "parameters are $1, $2, …");
  const value = parameter(Number(name));
  return { ...(value === null ? nullConstant() : textConstant(value)), alias: text(node, "alias") };
}
