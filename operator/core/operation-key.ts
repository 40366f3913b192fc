/** The key of an operation in the operation log: objects with the same name and key ask for the same operation. */
import type { StreamTableRewindSpec } from "../api/spec.ts";
import { hashOf, type JsonObject } from "./canonical-json.ts";
import type { Exclusions } from "./everything-but.ts";
import { hashedSpec } from "./hashed-spec.ts";

/** Two objects may differ in these and still ask for one and the same. */
export const notInOperationKey: Exclusions = {
  database: "the operation log that has the key is in that database",
  approval: "who lets it go on changes nothing of what is done",
  "resume.policy": "may be changed while it runs",
  dryRun: "a dry run is no operation: it is never recorded",
  abort: "may be changed while it runs",
  backoffLimit: "how patiently it is done, not what",
  activeDeadlineSeconds: "how patiently it is done, not what",
  ttlSecondsAfterFinished: "what becomes of the object, not of its tables",
};

/** resume's fields stand beside the others, as in the keys of 0.1.0. */
export function operationKey(spec: StreamTableRewindSpec): string {
  const { resume, ...content } = hashedSpec(spec, notInOperationKey);
  return hashOf({ ...content, ...(resume as JsonObject) });
}
