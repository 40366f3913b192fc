// The rollback as somebody on call does it: kubectl apply, then watch the phases pass until the object is finished.

import type { Kubectl } from "./kubectl.ts";
import type { Manifest } from "./manifest.ts";
import { waitFor } from "./wait.ts";

const TERMINAL = ["Succeeded", "Planned", "Failed", "Aborted"];

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** The part of the object that the demo reads. */
export interface RewindObject {
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly status?: {
    readonly phase?: string;
    readonly message?: string;
    readonly conditions?: readonly Condition[];
    readonly plan?: { readonly target?: number; readonly commitsUndoneCount?: number; readonly rowsChanged?: number };
    readonly tables?: readonly {
      readonly contentsSnapshotIdBefore?: number;
      readonly contentsSnapshotId?: number;
      readonly rowCount?: number;
      readonly strategy?: string;
    }[];
    readonly replay?: { readonly lag?: number };
    readonly repair?: { readonly snapshotId?: number; readonly rowCounts?: readonly number[] };
  };
}

export interface FinishedRewind {
  readonly object: RewindObject;
  readonly durationMs: number;
}

const PHASE = 'jsonpath={.status.phase}{"\\n"}';

export async function applyAndWatch(
  kubectl: Kubectl,
  manifest: Manifest,
  onPhase: (phase: string, elapsedMs: number) => void,
): Promise<FinishedRewind> {
  let startedMs = performance.now();
  let last = "";
  // Begun before the object is there: a phase may pass while another kubectl still starts.
  const selector = `metadata.name=${manifest.name}`;
  const watch = kubectl.follow(["get", "strw", "--watch", "--field-selector", selector, "-o", PHASE], (phase) => {
    if (phase !== "" && phase !== last) {
      last = phase;
      onPhase(phase, performance.now() - startedMs);
    }
  });
  try {
    startedMs = performance.now();
    await kubectl.apply(manifest.rewindText);
    const wait = { what: `${manifest.name} is finished`, timeoutMs: 120_000 };
    await waitFor(async () => (TERMINAL.includes(last) ? last : undefined), wait).catch(async (error: unknown) => {
      const { status } = await readRewind(kubectl, manifest.name);
      throw new Error(`${String(error)} (phase ${status?.phase}: ${status?.message})`);
    });
    return { object: await readRewind(kubectl, manifest.name), durationMs: performance.now() - startedMs };
  } finally {
    watch.stop();
  }
}

async function readRewind(kubectl: Kubectl, name: string): Promise<RewindObject> {
  return JSON.parse(await kubectl.run(["get", "strw", name, "-o", "json"])) as RewindObject;
}

export function conditionStatus(object: RewindObject, type: string): string | undefined {
  return object.status?.conditions?.find((condition) => condition.type === type)?.status;
}
