/**
 * The part of a spec that a hash covers. Keys of operations stand in the operation logs of databases, and plan hashes in pull requests:
 * what a spec of version 0.1.0 gives stays as it is, whatever fields come.
 */
import { type StreamTableRewindSpec, specSchema } from "../api/spec.ts";
import type { JsonObject } from "./canonical-json.ts";
import { type Exclusions, everythingBut, withoutDefaults } from "./everything-but.ts";

const defaults: JsonObject = Object.fromEntries(
  Object.entries(specSchema.shape).flatMap(([name, field]) => {
    const parsed = field.safeParse(undefined);
    return parsed.success && parsed.data !== undefined ? [[name, parsed.data]] : [];
  }),
);

/** With a default, and in the hashes of 0.1.0 whatever they were set to. */
const ofFirstHashes = [
  ...["strategy", "failurePolicy", "verification.assertions", "verification.at", "resume.policy", "resume.replay"],
];

export function hashedSpec(spec: StreamTableRewindSpec, exclusions: Exclusions): JsonObject {
  return withoutDefaults(everythingBut(spec, exclusions) as JsonObject, defaults, ofFirstHashes);
}
