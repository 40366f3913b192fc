/** The chart as tests see it: rendered by the real Helm, parsed. One rendering for equal values. */
import { cp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";
import { temporaryFolder } from "../../stack/processes.ts";
import { ensureHelm, type HelmResult, helm, KUBE_VERSION } from "../../tools/helm.ts";
import { silentProgress } from "../../tools/progress.ts";

export const CHART = fileURLToPath(new URL("../../helm/streamtable-rewind", import.meta.url));
/** Of a hook that may have to build Helm first. */
export const BUILD_TIMEOUT_MS = 20 * 60_000;

export type Json = { readonly [key: string]: unknown };

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: Json;
  readonly [key: string]: unknown;
}

export type Values = Readonly<Record<string, unknown>>;

let program: Promise<string> | undefined;
const renderings = new Map<string, Promise<HelmResult>>();

/** Waits for Helm; for a hook, so that no test's own time is spent on it. */
export async function haveHelm(): Promise<string> {
  program ??= ensureHelm(silentProgress);
  return program;
}

export async function callHelm(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<HelmResult> {
  return helm(await haveHelm(), args, environment);
}

function setFlags(values: Values): string[] {
  return Object.entries(values).flatMap(([key, value]) => ["--set-json", `${key}=${JSON.stringify(value)}`]);
}

export function template(values: Values = {}, namespace = "rewind"): Promise<HelmResult> {
  const key = JSON.stringify([values, namespace]);
  const known = renderings.get(key);
  if (known !== undefined) return known;
  const fresh = callHelm([
    ...["template", "demo", CHART, "--namespace", namespace, "--kube-version", KUBE_VERSION],
    ...setFlags(values),
  ]);
  renderings.set(key, fresh);
  return fresh;
}

/** Throws what Helm said if it refuses the values. */
export async function render(values: Values = {}, namespace?: string): Promise<readonly Manifest[]> {
  const { ok, stdout, stderr } = await template(values, namespace);
  if (!ok) throw new Error(stderr);
  return parseAllDocuments(stdout)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);
}

/** NOTES.txt as an installation shows it; Helm does that with a cluster only, so it is an object here. */
export async function notes(values: Values = {}): Promise<string> {
  const folder = temporaryFolder();
  try {
    await cp(CHART, folder.path, { recursive: true });
    await cp(join(CHART, "templates/NOTES.txt"), join(folder.path, "files/NOTES.txt"));
    const asObject = 'kind: Notes\ntext: |-\n  {{- tpl (.Files.Get "files/NOTES.txt") . | nindent 2 }}\n';
    await writeFile(join(folder.path, "templates/notes.yaml"), asObject);
    const flags = ["--namespace", "rewind", "--kube-version", KUBE_VERSION, "--show-only", "templates/notes.yaml"];
    const { ok, stdout, stderr } = await callHelm(["template", "demo", folder.path, ...flags, ...setFlags(values)]);
    if (!ok) throw new Error(stderr);
    return String(parseAllDocuments(stdout)[0]?.get("text"));
  } finally {
    folder.remove();
  }
}

/** What Helm says against the values; throws if it takes them. */
export async function refusal(values: Values): Promise<string> {
  const { ok, stderr } = await template(values);
  if (ok) throw new Error(`the chart takes ${JSON.stringify(values)}`);
  return stderr;
}

/** Only the operator, as most tests look at nothing else. */
export const operatorOnly: Values = { pgTrickle: { enabled: false }, generator: { enabled: false } };

export function find(manifests: readonly Manifest[], kind: string, name?: string): Manifest {
  const found = manifests.filter((one) => one.kind === kind && (name === undefined || one.metadata.name === name));
  const [only] = found;
  if (only === undefined || found.length > 1) {
    throw new Error(`${found.length} objects are ${kind} ${name ?? ""}; there are ${namesOf(manifests).join(", ")}`);
  }
  return only;
}

export function namesOf(manifests: readonly Manifest[]): readonly string[] {
  return manifests
    .map(
      ({ kind, metadata }) =>
        `${kind} ${metadata.namespace === undefined ? "" : `${metadata.namespace}/`}${metadata.name}`,
    )
    .sort();
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly env?: readonly Json[];
  readonly securityContext?: Json;
  readonly resources?: Json;
  readonly [key: string]: unknown;
}

export interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly securityContext?: Json;
  readonly [key: string]: unknown;
}

/** The pod that the object makes, if it makes any. */
export function podOf(manifest: Manifest): { readonly metadata: Json; readonly spec: PodSpec } | undefined {
  if (manifest.kind === "Pod") return { metadata: manifest.metadata, spec: manifest.spec as unknown as PodSpec };
  const pod = manifest.spec?.["template"] as { metadata?: Json; spec?: PodSpec } | undefined;
  return pod?.spec?.containers === undefined ? undefined : { metadata: pod.metadata ?? {}, spec: pod.spec };
}

export function containersOf({ containers, initContainers = [] }: PodSpec): readonly Container[] {
  return [...initContainers, ...containers];
}

/** The operator's own pod and container. */
export function operatorPod(manifests: readonly Manifest[]): { readonly metadata: Json; readonly spec: PodSpec } {
  const pod = podOf(find(manifests, "Deployment", "demo-streamtable-rewind-operator"));
  if (pod === undefined) throw new Error("the operator's Deployment makes no pod");
  return pod;
}

export function operatorContainer(manifests: readonly Manifest[]): Container {
  const [container] = operatorPod(manifests).spec.containers;
  if (container === undefined) throw new Error("the operator's pod has no container");
  return container;
}

export function environmentOf({ env = [] }: Container): Readonly<Record<string, unknown>> {
  return Object.fromEntries(env.map((entry) => [entry["name"], entry["value"] ?? entry["valueFrom"]]));
}
