/** Who has committed what kind of thing, in the order in which it was told: a refusal must have a cause in it. Pure. */
import type { LakeTable, Maintenance } from "./script.ts";
import type { Statement } from "./statements.ts";

/** As the catalog sees it: an update is a deletion and an insertion. */
export type Deed = "inserts" | "deletes" | "flushes" | "compacts";

export interface Done {
  readonly who: string;
  readonly deed: Deed;
  /** undefined: it may be any. */
  readonly table: LakeTable | undefined;
}

export function deedsOf({ kind, table }: Statement): Omit<Done, "who">[] {
  if (kind === "count") return [];
  const deeds: readonly Deed[] = kind === "insert" || kind === "delete" ? [`${kind}s`] : ["deletes", "inserts"];
  return deeds.map((deed) => ({ deed, table }));
}

const UPKEEP: Readonly<Record<Maintenance, readonly Deed[]>> = {
  flush: ["flushes"],
  "merge-files": ["compacts"],
  rewrite: ["compacts"],
  checkpoint: ["flushes", "compacts"],
  expire: [],
  cleanup: [],
};

export function deedsOfMaintenance(act: Maintenance): Omit<Done, "who">[] {
  return UPKEEP[act].map((deed) => ({ deed, table: undefined }));
}

export class Chronicle {
  readonly #done: Done[] = [];

  /** A moment: what is written down later came after it. */
  get now(): number {
    return this.#done.length;
  }

  record(who: string, deeds: readonly Omit<Done, "who">[]): void {
    this.#done.push(...deeds.map((deed) => ({ who, ...deed })));
  }

  /** What others than this one have done since a moment. */
  others(who: string, since: number): Done[] {
    return this.#done.slice(since).filter((done) => done.who !== who);
  }
}

/** Whether one of these deeds to a table (undefined: any) is among what others have done. */
export function isCaused(deeds: readonly Deed[], others: readonly Done[], table: LakeTable | undefined): boolean {
  return others.some(
    (done) => deeds.includes(done.deed) && (table === undefined || done.table === undefined || done.table === table),
  );
}
