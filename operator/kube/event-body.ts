/** Objects of events.k8s.io/v1: pure. */
import type { EventInput, KubeObject, ResourceDefinition } from "./types.ts";

export const REPORTING_CONTROLLER = "pgtrickle.dev/streamtable-rewind";

export interface ObjectReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

export interface EventBody {
  readonly apiVersion: "events.k8s.io/v1";
  readonly kind: "Event";
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly eventTime: string;
  readonly reportingController: string;
  readonly reportingInstance: string;
  readonly type: string;
  readonly reason: string;
  readonly action: string;
  readonly note: string;
  readonly regarding: ObjectReference;
}

const MAX_NOTE_BYTES = 1024;
const MAX_WORD = 128;
/** Leaves room for the suffix in the 253 characters of a name. */
const MAX_NAME_STEM = 200;

/** Cut to so many bytes of UTF-8, never in the middle of a character. */
export function cutBytes(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  const ellipsis = "…";
  const room = maxBytes - Buffer.byteLength(ellipsis);
  // a character cut in two decodes to U+FFFD at the end
  return (
    Buffer.from(text)
      .subarray(0, room)
      .toString("utf8")
      .replace(/\uFFFD+$/, "") + ellipsis
  );
}

/** MicroTime wants six digits. */
export function microTime(time: Date): string {
  return time.toISOString().replace(/Z$/, "000Z");
}

export function referenceOf(object: KubeObject, definition: ResourceDefinition): ObjectReference {
  const { name, namespace, uid, resourceVersion } = object.metadata;
  return {
    apiVersion: object.apiVersion ?? `${definition.group}/${definition.version}`,
    kind: object.kind ?? definition.kind,
    namespace: namespace ?? "default",
    name,
    uid,
    resourceVersion,
  };
}

/** Equal keys are one event that happened again. */
export function seriesKey(regarding: ObjectReference, input: EventInput): string {
  return JSON.stringify([regarding.uid, input.type, input.reason, input.action, input.note]);
}

export interface EventIdentity {
  readonly suffix: string;
  readonly time: Date;
  readonly reportingInstance: string;
}

export function eventBody(regarding: ObjectReference, input: EventInput, identity: EventIdentity): EventBody {
  const stem = regarding.name.slice(0, MAX_NAME_STEM).replace(/[^a-z0-9]+$/, "");
  return {
    apiVersion: "events.k8s.io/v1",
    kind: "Event",
    metadata: { name: `${stem}.${identity.suffix}`, namespace: regarding.namespace },
    eventTime: microTime(identity.time),
    reportingController: REPORTING_CONTROLLER,
    reportingInstance: identity.reportingInstance.slice(0, MAX_WORD),
    type: input.type,
    reason: input.reason.slice(0, MAX_WORD),
    action: input.action.slice(0, MAX_WORD),
    note: cutBytes(input.note, MAX_NOTE_BYTES),
    regarding,
  };
}
