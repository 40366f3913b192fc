/** What is printed when a test fails on a cluster: objects, events and logs of its namespace, each of them bounded. */
const LOG_LINES = 80;
const CHARACTERS = 16_000;

type Kubectl = (args: readonly string[]) => Promise<string>;

interface ContainerStatus {
  readonly name: string;
  readonly restartCount: number;
}

export interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly status: {
      readonly initContainerStatuses?: readonly ContainerStatus[];
      readonly containerStatuses?: readonly ContainerStatus[];
    };
  }[];
}

/** The logs of every container, and of the one before it where it was restarted. */
export function logCommands(pods: PodList): string[][] {
  return pods.items.flatMap(({ metadata, status }) => {
    const containers = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
    return containers.flatMap(({ name, restartCount }) => {
      const command = ["logs", metadata.name, "-c", name, `--tail=${LOG_LINES}`];
      return restartCount > 0 ? [[...command, "--previous"], command] : [command];
    });
  });
}

/** Beginning and end: what an object is stands at its top, what happened last at its bottom. */
export function bounded(text: string, characters = CHARACTERS): string {
  if (text.length <= characters) return text;
  const half = Math.floor(characters / 2);
  return `${text.slice(0, half)}\n[… ${text.length - 2 * half} characters …]\n${text.slice(-half)}`;
}

export async function describeNamespace(kubectl: Kubectl): Promise<string> {
  const attempt = (args: readonly string[]) => kubectl(args).catch((error: Error) => error.message);
  const pods = await kubectl(["get", "pods", "-o", "json"]).catch(() => '{"items":[]}');
  const commands = [
    ["get", "all,pvc,leases,streamtablerewinds", "-o", "wide"],
    ["get", "events", "--sort-by=.metadata.creationTimestamp"],
    ["describe", "pods"],
    ["describe", "deployments,statefulsets"],
    ["describe", "streamtablerewinds"],
    ...logCommands(JSON.parse(pods) as PodList),
  ];
  const parts: string[] = [];
  for (const args of commands) parts.push(`$ kubectl ${args.join(" ")}\n${bounded(await attempt(args))}`);
  return parts.join("\n");
}
