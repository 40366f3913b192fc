/** What Flux concludes of objects: the library that its kustomize-controller calls, built once from tools/go/kstatus. */
import { goHelper } from "./go-answers.ts";

export type KStatus = "InProgress" | "Current" | "Failed" | "Terminating" | "NotFound" | "Unknown";

const { ensure, ask } = goHelper("kstatus", "kstatus");

export const ensureKstatus = ensure;

export function kstatusOf(objects: readonly unknown[]): Promise<readonly KStatus[]> {
  return ask<KStatus>(objects);
}
