/** An operator for one namespace: what it does there, and what the API server refuses it everywhere else, asked with its own token. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { waitFor } from "../../demo/wait.ts";
import { temporaryFolder } from "../../stack/processes.ts";
import { type Namespace, openNamespace } from "./cluster.ts";
import { readClusterSettings } from "./settings.ts";
import { CRD, describeOnFailure, useNamespace } from "./use-namespace.ts";

const [HERE, ELSEWHERE, RELEASE] = ["strw-rbac", "strw-rbac-elsewhere", "rbac"];
const ACCOUNT = `${RELEASE}-streamtable-rewind-operator`;
const NAME = "waits-for-a-secret";
const STATUS_MS = 60_000;

const cluster = useNamespace(HERE, async (namespace) => {
  await namespace.helm(["uninstall", RELEASE, "--ignore-not-found", "--wait"]);
  await namespace.kubectl(["delete", "crd", CRD, "--ignore-not-found", "--timeout=60s"]);
});

const values = { watchNamespaces: [HERE], pgTrickle: { enabled: false }, generator: { enabled: false } };
const rewind = {
  apiVersion: "pgtrickle.dev/v1alpha1",
  kind: "StreamTableRewind",
  metadata: { name: NAME },
  spec: {
    database: { secretRef: { name: "not-there" } },
    streamTables: ["public.event_summary"],
    target: { snapshotId: 1 },
  },
};

interface Touched {
  readonly metadata: { readonly finalizers?: readonly string[] };
  readonly status?: { readonly phase?: string; readonly reason?: string };
}

interface ViewedConfig {
  readonly clusters: readonly object[];
  readonly contexts: readonly { readonly context: object }[];
}

/** A kubeconfig with nothing but the operator's token. */
async function asOperator(admin: Namespace, file: string): Promise<(name: string) => Namespace> {
  const settings = readClusterSettings(process.env);
  if (settings === undefined) throw new Error("there is no cluster");
  const token = (await admin.kubectl(["create", "token", ACCOUNT])).trim();
  const viewed = JSON.parse(await admin.kubectl(["config", "view", "--raw", "--minify", "-o", "json"])) as ViewedConfig;
  const [context] = viewed.contexts;
  const config = {
    ...viewed,
    users: [{ name: "operator", user: { token } }],
    contexts: [{ ...context, context: { ...context?.context, user: "operator" } }],
  };
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  return (name) => openNamespace({ ...settings, kubeconfig: file }, name);
}

describe.skipIf(cluster.skipped !== undefined)("an operator for one namespace", () => {
  const folder = temporaryFolder();
  const elsewhere = () => cluster.inNamespace(ELSEWHERE);

  beforeAll(async () => {
    await elsewhere().kubectl(["delete", "namespace", ELSEWHERE, "--ignore-not-found", "--wait", "--timeout=120s"]);
    await elsewhere().kubectl(["create", "namespace", ELSEWHERE]);
    await elsewhere().kubectl(["create", "secret", "generic", "theirs", "--from-literal=password=theirs"]);
    await cluster.namespace().kubectl(["create", "secret", "generic", "ours", "--from-literal=password=ours"]);
  });

  afterAll(async () => {
    folder.remove();
    await elsewhere().kubectl(["delete", "namespace", ELSEWHERE, "--ignore-not-found", "--wait=false"]);
  });

  test("1. looks at the objects of its namespace and at no others", async () => {
    describeOnFailure(cluster.namespace());
    await cluster.namespace().install(RELEASE, values);
    await elsewhere().apply(rewind);
    await cluster.namespace().apply(rewind);
    const isLookedAt = async () => {
      const touched = await cluster.namespace().get<Touched>("streamtablerewind", NAME);
      return touched?.status?.reason === "SecretNotFound" || undefined;
    };
    await waitFor(isLookedAt, { what: `${NAME} waits for its Secret`, timeoutMs: STATUS_MS });
    const untouched = await elsewhere().get<Touched>("streamtablerewind", NAME);
    expect(untouched?.status?.phase).toBeUndefined();
    expect(untouched?.metadata.finalizers).toBeUndefined();
  });

  test("2. may do there what it does, and nothing else anywhere", async () => {
    describeOnFailure(cluster.namespace());
    const operator = await asOperator(cluster.namespace(), join(folder.path, "kubeconfig"));
    const attempt = (namespace: string, args: readonly string[]) =>
      operator(namespace)
        .kubectl(args)
        .then(
          () => "allowed",
          (error: { stderr?: string }) => (/\bforbidden\b/i.test(error.stderr ?? "") ? "forbidden" : error.stderr),
        );
    const status = ["--subresource=status", "--type=merge", "--patch", '{"status":{"message":"mine"}}'];
    const rows: readonly (readonly [string, string, readonly string[]])[] = [
      ["allowed", HERE, ["get", "secret", "ours"]],
      ["allowed", HERE, ["get", "streamtablerewinds"]],
      ["forbidden", HERE, ["get", "secrets"]],
      ["forbidden", HERE, ["get", "pods"]],
      ["allowed", HERE, ["delete", "streamtablerewind", NAME, "--dry-run=server"]],
      ["forbidden", HERE, ["create", "configmap", "mine"]],
      ["forbidden", ELSEWHERE, ["get", "secret", "theirs"]],
      ["forbidden", ELSEWHERE, ["get", "streamtablerewinds"]],
      ["forbidden", ELSEWHERE, ["delete", "streamtablerewind", NAME]],
      ["forbidden", ELSEWHERE, ["patch", "streamtablerewind", NAME, ...status]],
      ["forbidden", HERE, ["get", "streamtablerewinds", "--all-namespaces"]],
      ["forbidden", "kube-system", ["get", "secrets"]],
      ["forbidden", HERE, ["get", "nodes"]],
      ["forbidden", HERE, ["delete", "crd", CRD]],
    ];
    const outcomes = [];
    for (const [, namespace, args] of rows) outcomes.push([await attempt(namespace, args), namespace, args]);
    expect(outcomes).toEqual(rows);
  });

  test("3. lets an object go that is deleted", async () => {
    describeOnFailure(cluster.namespace());
    await cluster.namespace().kubectl(["delete", "streamtablerewind", NAME, "--wait", "--timeout=60s"]);
    expect(await cluster.namespace().get("streamtablerewind", NAME)).toBeUndefined();
  });
});

test.runIf(cluster.skipped !== undefined)("needs a cluster", (context) => {
  context.skip(cluster.skipped);
});
