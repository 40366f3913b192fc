/** The API server as the operator uses it: typed kinds, secrets, and the identity of the cluster. */
import { Calls, type CallsOptions } from "./calls.ts";
import { isForbidden, isNotFound } from "./errors.ts";
import { resourcePath } from "./paths.ts";
import { HttpResourceClient } from "./resource-client.ts";
import type { CallOptions, KubeClient, KubeObject, ResourceClient, ResourceDefinition, Secret } from "./types.ts";

const SECRETS: ResourceDefinition = { group: "", version: "v1", plural: "secrets", kind: "Secret" };
const NAMESPACES: ResourceDefinition = { group: "", version: "v1", plural: "namespaces", kind: "Namespace" };

interface RawSecret extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

function decoded(data: RawSecret["data"]): Record<string, string> {
  const entries = Object.entries(data ?? {});
  return Object.fromEntries(entries.map(([key, value]) => [key, Buffer.from(value, "base64").toString("utf8")]));
}

class HttpKubeClient implements KubeClient {
  readonly #calls: Calls;
  #clusterId: string | undefined;

  constructor(calls: Calls) {
    this.#calls = calls;
  }

  resource<T extends KubeObject>(definition: ResourceDefinition): ResourceClient<T> {
    return new HttpResourceClient<T>(this.#calls, definition);
  }

  async getSecret(namespace: string, name: string, options: CallOptions = {}): Promise<Secret> {
    const { metadata, data } = await this.resource<RawSecret>(SECRETS).get(namespace, name, options);
    const { uid, resourceVersion } = metadata;
    return { namespace, name, uid, resourceVersion, data: decoded(data) };
  }

  async clusterId(options: CallOptions = {}): Promise<string> {
    this.#clusterId ??=
      (await this.#namespaceUid("kube-system", options)) ?? (await this.#namespaceUid("default", options));
    if (this.#clusterId === undefined) {
      throw new Error(
        "the cluster has no identity: neither namespace kube-system nor default can be read; set CLUSTER_ID",
      );
    }
    return this.#clusterId;
  }

  async #namespaceUid(name: string, options: CallOptions): Promise<string | undefined> {
    const path = resourcePath(NAMESPACES, { name });
    try {
      const answer = await this.#calls.send({ resource: "namespaces", verb: "GET", path, signal: options.signal });
      return (answer["metadata"] as { uid?: string }).uid;
    } catch (error) {
      // a namespaced installation may read its own namespaces only
      if (isForbidden(error) || isNotFound(error)) return undefined;
      throw error;
    }
  }
}

export function createKubeClient(options: CallsOptions): KubeClient {
  return new HttpKubeClient(new Calls(options));
}
