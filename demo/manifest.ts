// What the demo applies: the committed example with the good snapshot filled in. Pure.

import { parseDocument } from "yaml";

export interface ManifestOptions {
  /** The example's text: one StreamTableRewind. */
  readonly example: string;
  readonly goodSnapshot: number;
}

export interface Manifest {
  readonly name: string;
  /** The example, comments and all, with one number replaced. */
  readonly rewindText: string;
}

export function fillExample({ example, goodSnapshot }: ManifestOptions): Manifest {
  const document = parseDocument(example);
  document.setIn(["spec", "target", "snapshotId"], goodSnapshot);
  return {
    name: String(document.getIn(["metadata", "name"])),
    rewindText: document.toString({ lineWidth: 0 }),
  };
}
