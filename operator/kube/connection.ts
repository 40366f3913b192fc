/**
 * Access to the API server, turned into options of node:https.
 *
 * client-node 2.0.1 makes a new undici agent for each call and caches its node agent by name only, so that a rotated CA
 * is not seen until a restart. Here the agent is kept as long as the TLS material is the same, and replaced when it changes.
 */
import { createHash } from "node:crypto";
import http from "node:http";
import https from "node:https";
import type { ClusterAccess } from "./types.ts";

export interface Endpoint {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly agent: http.Agent;
}

export interface Connection {
  /** Reads rotated tokens and certificates again where they are files. */
  endpoint(path: string): Promise<Endpoint>;
  /** Closes idle connections; the ones in use end with their calls. */
  close(): void;
}

const TLS_KEYS = ["ca", "cert", "key", "pfx", "passphrase", "rejectUnauthorized", "servername"] as const;

function tlsOptionsOf(options: https.RequestOptions): https.AgentOptions {
  return Object.fromEntries(TLS_KEYS.flatMap((key) => (options[key] === undefined ? [] : [[key, options[key]]])));
}

function fingerprint(tls: https.AgentOptions): string {
  const hash = createHash("sha256");
  for (const key of TLS_KEYS) hash.update(`${key}=${String(tls[key])};`);
  return hash.digest("hex");
}

function closeIdle(agent: http.Agent | undefined): void {
  for (const sockets of Object.values(agent?.freeSockets ?? {})) {
    for (const socket of sockets ?? []) socket.destroy();
  }
}

function textHeaders(headers: https.RequestOptions["headers"]): Record<string, string> {
  return Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name, String(value).trim()]));
}

class AgentConnection implements Connection {
  readonly #access: ClusterAccess;
  #agent: http.Agent | undefined;
  #fingerprint = "";

  constructor(access: ClusterAccess) {
    this.#access = access;
  }

  async endpoint(path: string): Promise<Endpoint> {
    const options = await this.#access.options();
    const url = new URL(this.#access.server.replace(/\/$/, "") + path);
    const headers = textHeaders(options.headers);
    if (options.auth) headers["Authorization"] = `Basic ${Buffer.from(options.auth).toString("base64")}`;
    const agent = this.#access.proxyAgent?.(options) ?? this.#agentFor(url, tlsOptionsOf(options));
    return { url, headers, agent };
  }

  close(): void {
    closeIdle(this.#agent);
    this.#agent = undefined;
    this.#fingerprint = "";
  }

  #agentFor(url: URL, tls: https.AgentOptions): http.Agent {
    const current = fingerprint(tls);
    if (this.#agent && this.#fingerprint === current) return this.#agent;
    closeIdle(this.#agent);
    // 30 s: below the idle timeout of common load balancers (60 s); `timeout` closes idle connections only
    const keepAlive = { keepAlive: true, keepAliveMsecs: 30_000, timeout: 30_000 };
    this.#agent = url.protocol === "http:" ? new http.Agent(keepAlive) : new https.Agent({ ...tls, ...keepAlive });
    this.#fingerprint = current;
    return this.#agent;
  }
}

export function connectionOf(access: ClusterAccess): Connection {
  return new AgentConnection(access);
}
