/** The example's rewind, applied with kubectl and waited for as a person would. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { fillExample } from "../demo/manifest.ts";
import { waitFor } from "../demo/wait.ts";
import type { Namespace } from "./cluster.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/rollback-corrupted-events.yaml", import.meta.url));
const REWIND_MS = 60_000;

export interface RewindStatus {
  readonly phase?: string;
  readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message: string }[];
}

export async function applyExample(namespace: Namespace, goodSnapshot: number): Promise<RewindStatus> {
  const { name, rewindText } = fillExample({ example: readFileSync(EXAMPLE, "utf8"), goodSnapshot });
  await namespace.apply(rewindText);
  const terminal = ["Succeeded", "Failed", "Aborted"];
  return waitFor(
    async () => {
      const object = await namespace.get<{ status?: RewindStatus }>("streamtablerewind", name);
      return terminal.includes(object?.status?.phase ?? "") ? object?.status : undefined;
    },
    { what: `${name} has ended`, timeoutMs: REWIND_MS },
  );
}
