/** A namespace for a test file, under the strictest Pod Security level, gone after it. On a failure its state is printed. */
import { afterAll, beforeAll, onTestFailed } from "vitest";
import { type Namespace, openNamespace } from "./cluster.ts";
import { type ClusterSettings, HOW_TO, readClusterSettings } from "./settings.ts";

export interface ClusterUse {
  /** The reason why nothing can run, or undefined. */
  readonly skipped: string | undefined;
  namespace(): Namespace;
}

const LABELS = ["pod-security.kubernetes.io/enforce=restricted", "pod-security.kubernetes.io/warn=restricted"];

async function prepare(namespace: Namespace): Promise<void> {
  await namespace.kubectl(["delete", "namespace", namespace.name, "--ignore-not-found", "--wait", "--timeout=120s"]);
  await namespace.kubectl(["create", "namespace", namespace.name]);
  await namespace.kubectl(["label", "namespace", namespace.name, ...LABELS]);
}

export function useNamespace(name: string, cleanUp: (namespace: Namespace) => Promise<void>): ClusterUse {
  const settings: ClusterSettings | undefined = readClusterSettings(process.env);
  if (settings === undefined) {
    process.stdout.write(`\n${HOW_TO}\n`);
    return { skipped: HOW_TO, namespace: () => Promise.reject(new Error(HOW_TO)) as never };
  }
  const namespace = openNamespace(settings, name);
  beforeAll(() => prepare(namespace));
  afterAll(async () => {
    await cleanUp(namespace);
    await namespace.kubectl(["delete", "namespace", name, "--ignore-not-found", "--wait=false"]);
  });
  return { skipped: undefined, namespace: () => namespace };
}

/** To be called in each test. */
export function describeOnFailure(namespace: Namespace): void {
  onTestFailed(async () => {
    process.stdout.write(`\n── ${namespace.name} ──\n${await namespace.describe()}\n`);
  });
}
