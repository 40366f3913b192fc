/**
 * The CEL rules that keep the fields of `spec` as they were made: one for each field that api/mutable.ts does not mark. They stand
 * on spec itself, because a rule on a field would not run where the field is added or removed.
 */
import type { CelRule } from "./api/cel-rule.ts";
import { asObject, type JsonObject, UnstructuralSchemaError } from "./structural-schema.ts";

/** Other names, and the reserved words of CEL, would have to be escaped in a rule. */
const plainName = /^[a-zA-Z][a-zA-Z0-9]*$/;
const reserved =
  /^(true|false|null|in|as|break|const|continue|else|for|function|if|import|let|loop|package|namespace|return|var|void|while)$/;

interface Field {
  /** As a rule names it after `self.` */
  readonly path: string;
  /** The field and what it stands in, as far as an object may be without. */
  readonly optional: readonly string[];
}

/** A list or a map is compared as a whole: a mark inside it would say nothing. */
function refuseMarks(node: JsonObject, path: string): void {
  if (!JSON.stringify(node).includes('"mutable":true')) return;
  throw new UnstructuralSchemaError(`${path}: a mark (mutable) inside a list or a map is not understood`);
}

function hasMarks(node: JsonObject): boolean {
  return Object.values(asObject(node["properties"] ?? {}, "properties")).some((child) => {
    const field = asObject(child, "property");
    return field["mutable"] === true || hasMarks(field);
  });
}

function immutableFields(node: JsonObject, parent: Field): readonly Field[] {
  const required = (node["required"] ?? []) as readonly string[];
  return Object.entries(asObject(node["properties"] ?? {}, parent.path)).flatMap(([name, child]) => {
    const path = [parent.path, name].filter(Boolean).join(".");
    if (!plainName.test(name) || reserved.test(name)) {
      throw new UnstructuralSchemaError(`${path}: a CEL rule cannot name it as it is: take letters and digits only`);
    }
    const field = asObject(child, path);
    if (field["mutable"] === true) return [];
    const isAlwaysThere = required.includes(name) || field["default"] !== undefined;
    const optional = isAlwaysThere ? parent.optional : [...parent.optional, path];
    if (hasMarks(field)) return immutableFields(field, { path, optional });
    refuseMarks(field, path);
    return [{ path, optional }];
  });
}

/** `self.?f == oldSelf.?f` would be shorter, but the API server cannot bound its cost. */
function sameRule({ path, optional }: Field): string {
  const isSame = `self.${path} == oldSelf.${path}`;
  if (optional.length === 0) return isSame;
  const isThere = (self: string) => optional.map((part) => `has(${self}.${part})`).join(" && ");
  const isGone = optional.length === 1 ? `!${isThere("oldSelf")}` : `!(${isThere("oldSelf")})`;
  return `${isThere("self")} ? ${isThere("oldSelf")} && ${isSame} : ${isGone}`;
}

/**
 * @param spec JSON schema of spec, marks included
 * @param kind is named by the messages as what to make anew
 */
export function immutableRules(spec: JsonObject, kind: string): CelRule[] {
  return immutableFields(spec, { path: "", optional: [] }).map((field) => ({
    rule: sameRule(field),
    message: `${field.path} is immutable: make a new ${kind} for another operation`,
  }));
}
