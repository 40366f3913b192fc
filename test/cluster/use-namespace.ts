/** A namespace for a test file, under the strictest Pod Security level, gone after it. On a failure its state is printed. */
import { afterAll, beforeAll, onTestFailed } from "vitest";
import { type Namespace, openNamespace } from "./cluster.ts";
import { type ClusterSettings, HOW_TO, readClusterSettings } from "./settings.ts";

export interface ClusterUse {
  /** The reason why nothing can run, or undefined. */
  readonly skipped: string | undefined;
  namespace(): Namespace;
  /** Another namespace of the same cluster, which the test makes and removes itself. */
  inNamespace(name: string): Namespace;
}

/** Removed with each file's release, as no two files share one. */
export const CRD = "streamtablerewinds.pgtrickle.dev";

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
    const refuse = () => {
      throw new Error(HOW_TO);
    };
    return { skipped: HOW_TO, namespace: refuse, inNamespace: refuse };
  }
  const namespace = openNamespace(settings, name);
  beforeAll(() => prepare(namespace));
  afterAll(async () => {
    await cleanUp(namespace);
    await namespace.kubectl(["delete", "namespace", name, "--ignore-not-found", "--wait=false"]);
  });
  return { skipped: undefined, namespace: () => namespace, inNamespace: (other) => openNamespace(settings, other) };
}

/** To be called in each test. */
export function describeOnFailure(namespace: Namespace): void {
  onTestFailed(async () => {
    process.stdout.write(`\n── ${namespace.name} ──\n${await namespace.describe()}\n`);
  });
}
