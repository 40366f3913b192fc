/**
 * From zod to what apiextensions/v1 calls a structural schema. What such a schema cannot say is an error here, not a surprise in
 * the API server.
 */
import { z } from "zod";

export type Json = null | boolean | number | string | Json[] | JsonObject;
export type JsonObject = { [key: string]: Json };

/** Keywords that apiextensions refuses in a structural schema, or reads otherwise than zod means them. */
const forbidden = ["anyOf", "oneOf", "allOf", "not", "$ref", "$defs", "const", "propertyNames"];

export class UnstructuralSchemaError extends Error {
  override readonly name = "UnstructuralSchemaError";
}

function assertStructural(node: JsonObject, path: string): void {
  for (const keyword of forbidden) {
    if (keyword in node) throw new UnstructuralSchemaError(`${path}: ${keyword} is not allowed in a CRD schema`);
  }
  if (node["additionalProperties"] === false) {
    throw new UnstructuralSchemaError(`${path}: additionalProperties: false is not allowed in a CRD schema`);
  }
  if (node["type"] === undefined) throw new UnstructuralSchemaError(`${path}: a type is missing`);
}

/** Of an object its fields tell theirs. */
function defaultText(value: Json | undefined): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.join(", ");
  return typeof value === "object" ? undefined : String(value);
}

/** `kubectl explain` shows neither defaults nor the mark of api/mutable.ts, so the description says them. */
function told({ mutable, ...node }: JsonObject): JsonObject {
  const { description } = node;
  const standard = defaultText(node["default"]);
  const sentences = [
    description,
    standard && `Default: ${standard}.`,
    mutable === true ? "May be changed later." : undefined,
  ].filter((sentence) => sentence !== undefined);
  return sentences.length === 0 ? node : { ...node, description: sentences.join(" ") };
}

/** zod's limits of a safe integer and its patterns of formats say nothing that type and format don't say. */
function withoutNoise(node: JsonObject): JsonObject {
  const copy = { ...node };
  if (copy["maximum"] === Number.MAX_SAFE_INTEGER) delete copy["maximum"];
  if (copy["minimum"] === Number.MIN_SAFE_INTEGER) delete copy["minimum"];
  if (copy["format"] === "date-time") delete copy["pattern"];
  if (copy["type"] === "integer") copy["format"] = "int64";
  return told(copy);
}

/** @param path names the place in errors */
export function asObject(json: Json | undefined, path: string): JsonObject {
  if (json === undefined || json === null || typeof json !== "object" || Array.isArray(json)) {
    throw new UnstructuralSchemaError(`${path}: not a schema object`);
  }
  return json;
}

/** What stands in the reference page and in `kubectl explain`. */
function described(node: JsonObject, path: string): JsonObject {
  if (typeof node["description"] === "string" && node["description"] !== "") return node;
  throw new UnstructuralSchemaError(`${path}: a description is missing: add .describe("…") to its schema`);
}

/** A zod JSON schema as a structural schema of apiextensions/v1; throws UnstructuralSchemaError. */
export function structural(schema: Json | undefined, path: string): JsonObject {
  const given = asObject(schema, path);
  assertStructural(given, path);
  const node = withoutNoise(given);
  if (node["items"] !== undefined) node["items"] = structural(node["items"], `${path}[]`);
  if (node["additionalProperties"] !== undefined) {
    node["additionalProperties"] = structural(node["additionalProperties"], `${path}{}`);
  }
  if (node["properties"] !== undefined) {
    node["properties"] = Object.fromEntries(
      Object.entries(asObject(node["properties"], path)).map(([name, child]) => [
        name,
        described(structural(child, `${path}.${name}`), `${path}.${name}`),
      ]),
    );
  }
  return node;
}

export function jsonSchemaOf(schema: z.ZodType): JsonObject {
  const json = z.toJSONSchema(schema, { target: "openapi-3.0", io: "input", unrepresentable: "throw" });
  const { $schema: _, ...rest } = json as JsonObject;
  return rest;
}
