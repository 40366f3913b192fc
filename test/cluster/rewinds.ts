/** Rewinds applied with kubectl and waited for as a person would: the example's, and slow ones to be disturbed. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { fillExample } from "../../demo/manifest.ts";
import { waitFor } from "../../demo/wait.ts";
import type { Namespace } from "./cluster.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/rollback-corrupted-events.yaml", import.meta.url));
const REWIND_MS = 120_000;
const TERMINAL = ["Succeeded", "Failed", "Aborted"];

export interface Rewind {
  readonly metadata: { readonly uid: string };
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message: string }[];
  };
}

export function waitForPhase(namespace: Namespace, name: string, phases: readonly string[]): Promise<Rewind> {
  const ask = async () => {
    const rewind = await namespace.get<Rewind>("streamtablerewind", name);
    return phases.includes(rewind?.status?.phase ?? "") ? rewind : undefined;
  };
  return waitFor(ask, { what: `${name} is ${phases.join(" or ")}`, timeoutMs: REWIND_MS });
}

export function waitForEnd(namespace: Namespace, name: string): Promise<Rewind> {
  return waitForPhase(namespace, name, TERMINAL);
}

export async function applyExample(namespace: Namespace, goodSnapshot: number): Promise<Rewind> {
  const { name, rewindText } = fillExample({ example: readFileSync(EXAMPLE, "utf8"), goodSnapshot });
  await namespace.apply(rewindText);
  return waitForEnd(namespace, name);
}

export interface SlowRewind {
  readonly name: string;
  readonly goodSnapshot: number;
  /** Where its assertion takes seconds. */
  readonly slowAt: "Rewind" | "Replay";
}

/** The example's rewind under another name, that stays for seconds inside one of its transactions. */
export async function applySlowRewind(namespace: Namespace, { name, goodSnapshot, slowAt }: SlowRewind): Promise<void> {
  await namespace.apply({
    apiVersion: "pgtrickle.dev/v1alpha1",
    kind: "StreamTableRewind",
    metadata: { name },
    spec: {
      database: { secretRef: { name: "timetravel-db" } },
      streamTables: ["public.event_summary"],
      target: { snapshotId: goodSnapshot },
      verification: { assertions: [{ name: "slow", sql: "select pg_sleep(5) is not null" }], at: [slowAt] },
      repair: { sql: ["delete from lake.events where event_type = 'CORRUPTED_EVENT'"] },
    },
  });
}
