/** The kinds that the operator works with, as the API server names them. */
import type { ResourceDefinition } from "./types.ts";

export const streamTableRewinds: ResourceDefinition = {
  group: "pgtrickle.dev",
  version: "v1alpha1",
  plural: "streamtablerewinds",
  kind: "StreamTableRewind",
};
