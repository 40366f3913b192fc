// docs/reference/crd.md: each field of the CRD with its type, default and whether it can be changed later. Pure.
import { code, page, prose, table } from "./markdown.ts";

interface Rule {
  readonly rule: string;
  readonly message: string;
}

export interface SchemaNode {
  readonly type: string;
  readonly format?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly nullable?: boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: SchemaNode;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode;
  readonly required?: readonly string[];
  readonly "x-kubernetes-validations"?: readonly Rule[];
}

interface PrinterColumn {
  readonly name: string;
  readonly jsonPath: string;
  readonly priority?: number;
  readonly description?: string;
}

export interface Crd {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string; readonly plural: string; readonly shortNames: readonly string[] };
    readonly versions: readonly {
      readonly name: string;
      readonly additionalPrinterColumns: readonly PrinterColumn[];
      readonly schema: { readonly openAPIV3Schema: SchemaNode };
    }[];
  };
}

interface Field {
  readonly path: string;
  readonly node: SchemaNode;
  readonly isRequired: boolean;
}

const UNCHANGED = /self\.([\w.]+) == oldSelf\.\1\b(?!\.)/g;
const ONE_WAY = /^!oldSelf\.([\w.]+) \|\| self\.\1$/;

function rulesOf(node: SchemaNode): readonly Rule[] {
  return node["x-kubernetes-validations"] ?? [];
}

/** All fields below a node, in their order: a container before what it holds. Entries of a list are `name[]`, of a map `name{}`. */
export function fieldsOf(node: SchemaNode, prefix: string): Field[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
    const path = prefix === "" ? name : `${prefix}.${name}`;
    const isRequired = node.required?.includes(name) ?? false;
    const inner = child.items ?? child.additionalProperties;
    const mark = child.items === undefined ? "{}" : "[]";
    const below = inner === undefined ? fieldsOf(child, path) : fieldsOf(inner, `${path}${mark}`);
    return [{ path, node: child, isRequired }, ...below];
  });
}

function range(from: number | undefined, to: number | undefined, unit: string): string[] {
  if (from === undefined && to === undefined) return [];
  if (to === undefined) return [`at least ${from}${unit}`];
  return [`${from ?? 0} to ${to}${unit}`];
}

export function typeOf(node: SchemaNode): string {
  if (node.type === "array") return `list of ${node.items === undefined ? "any" : typeOf(node.items)}`;
  if (node.additionalProperties !== undefined) return `map of ${typeOf(node.additionalProperties)}`;
  if (node.enum !== undefined) return node.enum.join(" | ");
  return node.format === "date-time" ? "time" : node.type;
}

function limitsOf(node: SchemaNode): string {
  const limits = [
    ...range(node.minimum, node.maximum, ""),
    ...range(node.minLength, node.maxLength, " characters"),
    ...range(node.minItems, node.maxItems, " entries"),
    ...(node.nullable === true ? ["or null"] : []),
  ];
  return limits.length === 0 ? "" : `, ${limits.join(", ")}`;
}

function defaultOf({ node, isRequired }: Field): string {
  if (isRequired) return "required";
  return node.default === undefined ? "" : code(JSON.stringify(node.default));
}

export interface Changes {
  readonly immutable: ReadonlySet<string>;
  readonly oneWay: ReadonlySet<string>;
}

/** What the rules of `spec` say about later changes; a field that no rule names can be changed. */
export function changesOf(spec: SchemaNode): Changes {
  const texts = rulesOf(spec).map(({ rule }) => rule);
  const named = texts.flatMap((text) => [...text.matchAll(UNCHANGED)].map(([, path = ""]) => path));
  const own = fieldsOf(spec, "").filter(({ node }) => rulesOf(node).some(({ rule }) => rule === "self == oldSelf"));
  return {
    immutable: new Set([...named, ...own.map(({ path }) => path)]),
    oneWay: new Set(texts.flatMap((text) => ONE_WAY.exec(text)?.[1] ?? [])),
  };
}

/** `approval` is neither: its parts differ. */
export function changeOf({ path, node }: Pick<Field, "path" | "node">, { immutable, oneWay }: Changes): string {
  const steps = path.split(".").map((_, index, all) => all.slice(0, index + 1).join("."));
  if (steps.some((step) => immutable.has(step.replace(/(\[\]|\{\})$/, "")))) return "immutable";
  if (oneWay.has(path)) return "once, to `true`";
  return node.properties === undefined ? "**can be changed**" : "by field";
}

function specTable(spec: SchemaNode): string {
  const changes = changesOf(spec);
  return table(
    ["field", "type", "default", "later", ""],
    fieldsOf(spec, "").map((field) => [
      code(field.path),
      prose(typeOf(field.node) + limitsOf(field.node)),
      defaultOf(field),
      changeOf(field, changes),
      // the description in the CRD ends with what the columns before say, for `kubectl explain`
      prose((field.node.description ?? "").replace(/( ?Default: [\w, ]+\.)?( ?May be changed later\.)?$/, "")),
    ]),
  );
}

function statusTable(status: SchemaNode): string {
  return table(
    ["field", "type", ""],
    fieldsOf(status, "").map(({ path, node }) => [code(path), prose(typeOf(node)), prose(node.description ?? "")]),
  );
}

/** Messages of rules that say nothing of a change: what the API server refuses at once. */
function refusals(root: SchemaNode): string {
  const nodes = [root, ...fieldsOf(root, "").map(({ node }) => node)];
  const messages = nodes.flatMap((node) => rulesOf(node).filter(({ rule }) => !rule.includes("oldSelf")));
  return messages.map(({ message }) => `- ${prose(message)}`).join("\n");
}

function columns(list: readonly PrinterColumn[]): string {
  return table(
    ["column", "shows", ""],
    list.map(({ name, jsonPath, priority = 0, description = "" }) => [
      name.toUpperCase(),
      code(jsonPath),
      prose([description, priority > 0 ? "with `-o wide`" : ""].filter((text) => text !== "").join(", ")),
    ]),
  );
}

export function crdPage(crd: Crd): string {
  const { group, names, versions } = crd.spec;
  return page(
    names.kind,
    "crds/",
    versions.flatMap((version) => {
      const root = version.schema.openAPIV3Schema;
      const { spec, status } = root.properties ?? {};
      if (spec === undefined || status === undefined) throw new Error(`${version.name} has no spec or no status`);
      return [
        `\`apiVersion: ${group}/${version.name}\`, namespaced. ${root.description ?? ""} In kubectl: \`${names.shortNames.join("`, `")}\` or \`${names.plural}\`.`,
        "## spec",
        "A list's entries are `name[]`. What is immutable is refused by the API server when it is changed; another operation is another object.",
        specTable(spec),
        "The API server also refuses, when the object is applied:",
        refusals(root),
        "## status",
        "Written by the operator. Machines read `conditions`, people `phase`, `reason` and `message`. What each reason means stands in [errors](errors.md#reasons-of-the-operator).",
        statusTable(status),
        "## kubectl get",
        columns(version.additionalPrinterColumns),
      ];
    }),
  );
}
