// The objects that the demo applies: the committed example with the good snapshot filled in, and the Secret that it names. Pure.

import { parseDocument } from "yaml";

export interface ManifestOptions {
  /** The example's text: one StreamTableRewind. */
  readonly example: string;
  readonly goodSnapshot: number;
  readonly databaseUrl: string;
}

export interface Manifest {
  readonly name: string;
  readonly secretText: string;
  /** The example, comments and all, with one number replaced. */
  readonly rewindText: string;
}

export function fillExample({ example, goodSnapshot, databaseUrl }: ManifestOptions): Manifest {
  const document = parseDocument(example);
  document.setIn(["spec", "target", "snapshotId"], goodSnapshot);
  const secret = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: String(document.getIn(["spec", "database", "secretRef", "name"])) },
    stringData: { uri: databaseUrl },
  };
  return {
    name: String(document.getIn(["metadata", "name"])),
    // JSON is YAML too.
    secretText: JSON.stringify(secret),
    rewindText: document.toString({ lineWidth: 0 }),
  };
}
