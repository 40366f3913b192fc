/**
 * What the operator needs of the API server and may lose while it runs: the kind itself, and its rights. A right is asked for, since a
 * watch that is open goes on for minutes without it, and a right that is used seldom is missed too late.
 *
 * Told once when it goes and once when it is back. An API server that cannot be asked says nothing: what was known stays.
 */
import type { Calls } from "./calls.ts";
import { ApiError, isForbidden, isNotFound } from "./errors.ts";
import { resourcePath, withQuery } from "./paths.ts";
import { sleep } from "./sleep.ts";
import type { Clock, Logger, ResourceDefinition } from "./types.ts";

export interface Right {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly name?: string;
  /** undefined: in all. */
  readonly namespace?: string | undefined;
  /** Roles of one's own may leave it away, or give it for some names only: it is missed only if it was there before. */
  readonly isOptional?: boolean;
}

export interface PrerequisitesOptions {
  readonly definition: ResourceDefinition;
  /** Empty: all namespaces. */
  readonly namespaces: readonly string[];
  /** Beside the one to list the kind, which is tried. */
  readonly rights: readonly Right[];
  readonly periodMs: number;
  readonly logger: Pick<Logger, "info"> & { error(fields: object, message: string): void };
}

export interface Prerequisites {
  /** What is missing, and the way out, each in a sentence. */
  problems(): readonly string[];
  /** Looks again and again, until the signal is aborted. */
  watch(signal: AbortSignal): Promise<void>;
}

const reviews: ResourceDefinition = {
  group: "authorization.k8s.io",
  version: "v1",
  plural: "selfsubjectaccessreviews",
  kind: "SelfSubjectAccessReview",
};

/** While something is missing: whoever mends it wants to see it. */
const MISSING_PERIOD_MS = 5_000;

function place(namespace: string | undefined): string {
  return namespace === undefined ? "in all namespaces" : `in namespace ${namespace}`;
}

function missingKind({ plural, group, version }: ResourceDefinition): string {
  return (
    `the API server does not serve ${plural}.${group} (${version}): its CustomResourceDefinition is missing. ` +
    `Apply crds/${group}_${plural}.yaml, or upgrade the Helm release, which brings it`
  );
}

function missingRight({ verb, group, resource, subresource, name, namespace }: Right): string {
  const what = subresource === undefined ? resource : `${resource}/${subresource}`;
  const which = name === undefined ? what : `${what} ${name}`;
  return (
    `the operator may not ${verb} ${which}${group === "" ? "" : ` of ${group}`} ${place(namespace)}. ` +
    "Give its service account this right again: templates/operator/rbac.yaml of the chart has all of them, and an upgrade of the Helm release restores them"
  );
}

const unknownUser =
  "the API server does not accept the operator's credentials (401). Recreate the pod, so that it has a new token of its service account";

class PolledPrerequisites implements Prerequisites {
  readonly #options: PrerequisitesOptions;
  readonly #calls: Calls;
  readonly #clock: Clock;
  readonly #namespaces: readonly (string | undefined)[];
  /** All by their sentences. */
  readonly #missing = new Set<string>();
  /** Seen once: an API server that has just started refuses for a moment what it will allow. */
  readonly #suspected = new Set<string>();
  readonly #wasThere = new Set<string>();

  constructor(calls: Calls, options: PrerequisitesOptions) {
    this.#calls = calls;
    this.#clock = calls.clock;
    this.#options = options;
    this.#namespaces = options.namespaces.length === 0 ? [undefined] : [...new Set(options.namespaces)];
  }

  problems(): readonly string[] {
    return [...this.#missing];
  }

  async watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      for (const namespace of this.#namespaces) await this.#tryKind(namespace, signal);
      for (const right of this.#options.rights) await this.#ask(right, signal);
      const { periodMs } = this.#options;
      const isWell = this.#missing.size + this.#suspected.size === 0;
      await sleep(this.#clock, isWell ? periodMs : Math.min(periodMs, MISSING_PERIOD_MS), signal);
    }
  }

  async #tryKind(namespace: string | undefined, signal: AbortSignal): Promise<void> {
    const { definition } = this.#options;
    const path = withQuery(resourcePath(definition, { namespace }), { limit: 1 });
    const error = await this.#calls.send({ resource: definition.plural, verb: "GET", path, signal }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (signal.aborted || (error !== undefined && !isNotFound(error) && !isForbidden(error))) return;
    const isUnknown = error instanceof ApiError && error.status === 401;
    this.#tell(unknownUser, isUnknown);
    if (isUnknown) return;
    this.#tell(missingKind(definition), isNotFound(error));
    const right = { verb: "list", group: definition.group, resource: definition.plural, namespace };
    this.#tell(missingRight(right), isForbidden(error));
  }

  async #ask(right: Right, signal: AbortSignal): Promise<void> {
    const { isOptional = false, ...resourceAttributes } = right;
    const body = { spec: { resourceAttributes } };
    const call = { resource: reviews.plural, verb: "POST" as const, path: resourcePath(reviews), body, signal };
    const answer = await this.#calls.send(call).catch(() => undefined);
    const isAllowed = (answer?.["status"] as { readonly allowed?: boolean } | undefined)?.allowed;
    if (isAllowed === undefined) return;
    const sentence = missingRight(right);
    if (isAllowed) this.#wasThere.add(sentence);
    this.#tell(sentence, !isAllowed && (!isOptional || this.#wasThere.has(sentence)));
  }

  #tell(problem: string, isMissing: boolean): void {
    const wasSuspected = this.#suspected.delete(problem);
    if (this.#missing.has(problem) === isMissing) return;
    if (isMissing && !wasSuspected) {
      this.#suspected.add(problem);
    } else if (isMissing) {
      this.#missing.add(problem);
      this.#options.logger.error({ problem }, "the operator lacks what it needs");
    } else {
      this.#missing.delete(problem);
      this.#options.logger.info({ problem }, "what the operator lacked is there again");
    }
  }
}

export function createPrerequisites(calls: Calls, options: PrerequisitesOptions): Prerequisites {
  return new PolledPrerequisites(calls, options);
}
