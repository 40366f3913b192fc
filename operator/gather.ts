/** Everything that `decide` may know, read in one pass: the object, its Secret, its database, who else is in the way. */
import { isDeepStrictEqual } from "node:util";
import { Reason } from "./api/reasons.ts";
import { specSchema } from "./api/spec.ts";
import { isTerminal, type Plan, type StreamTableRewindStatus, statusSchema } from "./api/status.ts";
import { finalizer } from "./api/stream-table-rewind.ts";
import { needsWorld } from "./core/decide.ts";
import { isFormer, renewed } from "./core/former-status.ts";
import type { ClaimOwner, Failure, Observed, ObservedWorld, Step, World } from "./core/observed.ts";
import { operationKey } from "./core/operation-key.ts";
import type { ObserveQuery, OperationIdentity, RewindDriver, RewindSession } from "./database/driver.ts";
import { TerminalError, TransientError } from "./database/errors.ts";
import { connectionOf, isFailure, placeOf } from "./database/secret.ts";
import { isForbidden, isNotFound } from "./kube/errors.ts";
import type { CallOptions, CustomObject, Secret } from "./kube/types.ts";

export type RewindObject = CustomObject;

/** Deleted or aborted: what runs for it is in the way. */
export function isEnding({ metadata, spec }: RewindObject): boolean {
  const { abort } = (spec ?? {}) as { readonly abort?: unknown };
  return metadata.deletionTimestamp !== undefined || abort === true;
}

/** What gathering needs of the outside. */
export interface Sources {
  readonly objects: { get(namespace: string, name: string, options?: CallOptions): Promise<RewindObject> };
  readonly secrets: { getSecret(namespace: string, name: string, options?: CallOptions): Promise<Secret> };
  readonly driver: RewindDriver;
  readonly clusterId: () => Promise<string>;
  readonly now: () => Date;
  readonly random: () => number;
}

/** What is kept while one key is worked on; the token for as long as the process lives. */
export interface Run {
  readonly signal: AbortSignal;
  /** Of the object that this run is for: the key may belong to another one any moment. */
  uid?: string;
  /** The object was being deleted or aborted when this pass read it. */
  isEnding?: boolean;
  session?: RewindSession | undefined;
  /** The database that its Secret leads to, for messages. */
  place?: string | undefined;
  /** What the database was asked last, and its answer to the same question asked while the object was being read. */
  query?: ObserveQuery | undefined;
  ahead?: Promise<ObservedWorld> | undefined;
  token?: string | undefined;
  /** The object as our own last write left it, when nothing was done since: as good as a read. */
  written?: RewindObject | undefined;
  /** A status that is being written beside an action. */
  writing?: Promise<unknown> | undefined;
  plan?: Plan | undefined;
  lastFailure?: { readonly step: Step; readonly failure: Failure } | undefined;
}

function parseSpec(spec: unknown): Observed["spec"] {
  const parsed = specSchema.safeParse(spec);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `spec.${issue.path.join(".")}: ${issue.message}`);
  return { invalid: problems.join("; ") };
}

/** A status that we did not write is not believed; the operation log has the facts. An earlier version of us may have written it. */
function parseStatus(status: unknown): StreamTableRewindStatus {
  const parsed = statusSchema.safeParse(status ?? {});
  return parsed.success ? parsed.data : {};
}

/** Whatever went wrong, as a failure that can be shown; only our own classes are terminal. */
export function failureOf(error: unknown, { place }: Run): Failure {
  if (error instanceof TerminalError || error instanceof TransientError) {
    const { trouble } = error.failure;
    return trouble === undefined || trouble === "statement" ? error.failure : placed(error.failure, place);
  }
  const message = error instanceof Error ? error.message : String(error);
  return { reason: Reason.TransientError, message, terminal: false };
}

/** Whoever reads of a database that does not answer looks for which one, and who says so. */
function placed(failure: Failure, place: string | undefined): Failure {
  return place === undefined ? failure : { ...failure, message: `${place}: ${failure.message}` };
}

async function openSession(
  sources: Sources,
  object: RewindObject,
  secretName: string,
  run: Run,
): Promise<RewindSession | Failure> {
  const { namespace = "", name, uid } = object.metadata;
  let secret: Secret;
  try {
    secret = await sources.secrets.getSecret(namespace, secretName, { signal: run.signal });
  } catch (error) {
    const mayNot = `the operator may not read Secret ${namespace}/${secretName} (spec.database.secretRef): ${String(error)}`;
    if (isForbidden(error)) return { reason: Reason.PermissionDenied, message: mayNot, terminal: false };
    if (!isNotFound(error)) throw error;
    const message = `there is no Secret ${namespace}/${secretName} (spec.database.secretRef)`;
    return { reason: Reason.SecretNotFound, message, terminal: true };
  }
  const settings = connectionOf(`${namespace}/${secretName}`, secret.data);
  if (isFailure(settings)) return settings;
  run.place = placeOf(`${namespace}/${secretName}`, settings);
  const identity: OperationIdentity = { cluster: await sources.clusterId(), uid, namespace, name };
  return sources.driver.open(settings, identity, run.signal);
}

function isSession(value: RewindSession | Failure): value is RewindSession {
  return "observe" in value;
}

/** Its rewind has ended: without the finalizer nothing is held (I2), so a claim of its own came too late. */
function hasEnded({ metadata, status }: RewindObject): boolean {
  return isTerminal(parseStatus(status).phase) && !metadata.finalizers?.includes(finalizer);
}

/** Only an owner of this cluster can be known to be gone. */
async function isGone(sources: Sources, owner: ClaimOwner): Promise<boolean> {
  if (owner.cluster !== (await sources.clusterId())) return false;
  try {
    const object = await sources.objects.get(owner.namespace, owner.name);
    return object.metadata.uid !== owner.uid || hasEnded(object);
  } catch (error) {
    return isNotFound(error);
  }
}

async function withOwners(sources: Sources, world: ObservedWorld): Promise<ObservedWorld> {
  const tables = await Promise.all(
    world.tables.map(async (table) =>
      table.claimedBy
        ? { ...table, claimedBy: { ...table.claimedBy, gone: await isGone(sources, table.claimedBy) } }
        : table,
    ),
  );
  return { ...world, tables };
}

/** Asks again what was asked last, beside the reading of the object: it seldom changes the question. */
export function lookAhead(run: Run): void {
  run.ahead = undefined;
  if (run.session === undefined || run.query === undefined) return;
  run.ahead = run.session.observe(run.query);
  // Whoever uses the answer sees the error; not everybody does.
  run.ahead.catch(() => undefined);
}

function askWorld(session: RewindSession, query: ObserveQuery, run: Run): Promise<ObservedWorld> {
  const { ahead, query: asked } = run;
  run.ahead = undefined;
  run.query = query;
  return ahead !== undefined && isDeepStrictEqual(asked, query) ? ahead : session.observe(query);
}

async function observeWorld(
  sources: Sources,
  object: RewindObject,
  spec: Exclude<Observed["spec"], { invalid: string }>,
  run: Run,
): Promise<World> {
  try {
    if (run.session === undefined) {
      const opened = await openSession(sources, object, spec.database.secretRef.name, run);
      if (!isSession(opened)) return { kind: "unreachable", failure: opened };
      run.session = opened;
    }
    const world = await askWorld(
      run.session,
      { tables: spec.streamTables, ...spec.target, operationKey: operationKey(spec) },
      run,
    );
    return await withOwners(sources, world);
  } catch (error) {
    if (!(error instanceof TerminalError || error instanceof TransientError)) throw error;
    await run.session?.close();
    run.session = undefined;
    return { kind: "unreachable", failure: placed(error.failure, run.place) };
  }
}

export async function gather(sources: Sources, object: RewindObject, run: Run): Promise<Observed> {
  const { metadata } = object;
  const spec = parseSpec(object.spec);
  const written = parseStatus(object.status);
  const status = renewed(written);
  const deleting = metadata.deletionTimestamp !== undefined;
  const ask = !("invalid" in spec) && needsWorld(status, deleting);
  const world: World = ask ? await observeWorld(sources, object, spec, run) : { kind: "unasked" };
  const now = sources.now().getTime();
  return {
    now,
    jitter: sources.random(),
    object: {
      uid: metadata.uid,
      namespace: metadata.namespace ?? "",
      name: metadata.name,
      generation: metadata.generation ?? 0,
      createdAt: metadata.creationTimestamp === undefined ? now : Date.parse(metadata.creationTimestamp),
      deletingSince: metadata.deletionTimestamp === undefined ? undefined : Date.parse(metadata.deletionTimestamp),
      hasFinalizer: metadata.finalizers?.includes(finalizer) ?? false,
      hasFormerStatus: isFormer(written),
    },
    spec,
    status,
    world,
    memory: { token: run.token, plan: run.plan, lastFailure: run.lastFailure },
  };
}
