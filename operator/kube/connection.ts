/**
 * Where the API server is and who we are there: KubeConfig of client-node, turned into options of node:https.
 *
 * client-node 2.0.1 makes a new undici agent for each call and caches its node agent by name only, so that a rotated CA
 * is not seen until a restart. Here the agent is kept as long as the TLS material is the same, and replaced when it changes.
 */
import { createHash } from "node:crypto";
import http from "node:http";
import https from "node:https";
import { delimiter } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";

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

function loadFile(path: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromFile(path);
  return config;
}

/** As kubectl: the first file's current context wins. */
function loadFiles(paths: readonly string[]): KubeConfig {
  const [first, ...others] = paths.filter((path) => path !== "");
  if (first === undefined) throw new Error("KUBECONFIG names no file");
  const config = loadFile(first);
  for (const path of others) config.mergeConfig(loadFile(path), true);
  return config;
}

/** KUBECONFIG where set, else the service account of the pod, else ~/.kube/config. */
export function loadKubeConfig(environment: NodeJS.ProcessEnv = process.env): KubeConfig {
  const paths = environment["KUBECONFIG"];
  if (paths) return loadFiles(paths.split(delimiter));
  const config = new KubeConfig();
  if (environment["KUBERNETES_SERVICE_HOST"]) config.loadFromCluster();
  else config.loadFromDefault();
  return config;
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

class KubeConfigConnection implements Connection {
  readonly #config: KubeConfig;
  #agent: http.Agent | undefined;
  #fingerprint = "";

  constructor(config: KubeConfig) {
    this.#config = config;
  }

  async endpoint(path: string): Promise<Endpoint> {
    const cluster = this.#config.getCurrentCluster();
    if (!cluster) throw new Error("the kubeconfig has no current cluster");
    const options: https.RequestOptions = {};
    await this.#config.applyToHTTPSOptions(options);
    const url = new URL(cluster.server.replace(/\/$/, "") + path);
    const headers = textHeaders(options.headers);
    if (options.auth) headers["Authorization"] = `Basic ${Buffer.from(options.auth).toString("base64")}`;
    // client-node's agent knows how to go through a proxy; TLS material rotates seldom behind one
    const agent = cluster.proxyUrl ? (options.agent as http.Agent) : this.#agentFor(url, tlsOptionsOf(options));
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

export function connectionOf(config: KubeConfig): Connection {
  return new KubeConfigConnection(config);
}
