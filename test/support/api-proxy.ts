/**
 * An HTTPS proxy in front of an API server that asks, for each request, what should become of it. It speaks to the server as
 * the user of the given kubeconfig, whoever asks; its own kubeconfig trusts a certificate made for it.
 */
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import type http from "node:http";
import https from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { join } from "node:path";
import { connectionOf } from "../../operator/kube/connection.ts";
import { loadKubeConfig } from "../../operator/kube/kubeconfig.ts";
import { LineSplitter } from "../../operator/kube/line-parser.ts";
import { createAuthority } from "../../stack/certificates.ts";
import { temporaryFolder } from "../../stack/processes.ts";

export interface ProxiedRequest {
  readonly verb: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Buffer;
  readonly isWatch: boolean;
  /** A GET of a collection. */
  readonly isList: boolean;
  readonly isWrite: boolean;
}

export type LineVerdict = "pass" | "drop" | "reset" | { readonly replace: string };

export type Verdict =
  /** Forwarded; a watch may be looked at line by line. */
  | { readonly kind: "pass"; readonly onLine?: (line: string) => LineVerdict }
  /** Answered here, the server never hears of it. */
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: unknown;
    }
  /** The connection is reset, the server never hears of it. */
  | { readonly kind: "reset" }
  /** No answer, ever. */
  | { readonly kind: "hang" }
  /** The server does it; then `meanwhile`; then the answer is lost with the connection. */
  | { readonly kind: "lose-answer" }
  /** The server does it; `before` the answer goes on, this is awaited. */
  | { readonly kind: "delay-answer"; readonly until: () => Promise<void> | void };

export interface ApiProxy {
  readonly url: string;
  /** A file's path. */
  readonly kubeconfig: string;
  /** TCP reset of every watch that is open; how many there were. */
  resetWatches(): number;
  readonly openWatches: number;
  close(): Promise<void>;
}

type Judge = (request: ProxiedRequest) => Verdict | Promise<Verdict>;

const COLLECTION = /^\/(?:api\/[^/]+|apis\/[^/]+\/[^/]+)(?:\/namespaces\/[^/]+)?\/[^/]+$/;

function describe(incoming: http.IncomingMessage, body: Buffer): ProxiedRequest {
  const url = new URL(incoming.url ?? "/", "https://proxy");
  const verb = incoming.method ?? "GET";
  const isWatch = url.searchParams.has("watch");
  const isList = verb === "GET" && !isWatch && COLLECTION.test(url.pathname);
  return { verb, path: url.pathname, query: url.searchParams, body, isWatch, isList, isWrite: verb !== "GET" };
}

async function readBody(stream: http.IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

class Upstream {
  readonly #connection;

  constructor(kubeconfig: string) {
    this.#connection = connectionOf(loadKubeConfig(kubeconfig));
  }

  async send(incoming: http.IncomingMessage, client: http.ServerResponse, body: Buffer): Promise<http.IncomingMessage> {
    const { url, headers, agent } = await this.#connection.endpoint(incoming.url ?? "/");
    const { host: _host, ...forwarded } = incoming.headers;
    const outgoing = https.request(url, {
      method: incoming.method ?? "GET",
      headers: { ...forwarded, ...headers },
      agent,
    });
    outgoing.end(body);
    const [response] = (await once(outgoing, "response")) as [http.IncomingMessage];
    // a client that goes away takes its watch with it
    client.once("close", () => response.complete || outgoing.destroy());
    return response;
  }

  close(): void {
    this.#connection.close();
  }
}

function reset(socket: Socket): void {
  // the TLS socket has no reset of its own; the TCP one below it has
  const tcp = (socket as Socket & { _parent?: Socket })._parent ?? socket;
  tcp.resetAndDestroy();
  socket.destroy();
}

class Exchange {
  readonly #incoming: http.IncomingMessage;
  readonly #outgoing: http.ServerResponse;
  readonly #upstream: Upstream;
  readonly #watches: Set<Socket>;

  constructor(upstream: Upstream, watches: Set<Socket>, incoming: http.IncomingMessage, outgoing: http.ServerResponse) {
    this.#incoming = incoming;
    this.#outgoing = outgoing;
    this.#upstream = upstream;
    this.#watches = watches;
  }

  async carryOut(verdict: Verdict, request: ProxiedRequest): Promise<void> {
    switch (verdict.kind) {
      case "pass":
        return request.isWatch ? this.#watch(request, verdict.onLine ?? (() => "pass")) : this.#forward(request);
      case "answer":
        this.#outgoing.writeHead(verdict.status, { "Content-Type": "application/json", ...verdict.headers });
        this.#outgoing.end(JSON.stringify(verdict.body ?? {}));
        return;
      case "reset":
        return reset(this.#incoming.socket);
      case "hang":
        return;
      case "lose-answer":
        await readBody(await this.#upstream.send(this.#incoming, this.#outgoing, request.body));
        return reset(this.#incoming.socket);
      case "delay-answer":
        return this.#forward(request, verdict.until);
    }
  }

  async #forward(request: ProxiedRequest, until: () => Promise<void> | void = () => undefined): Promise<void> {
    const answer = await this.#upstream.send(this.#incoming, this.#outgoing, request.body);
    const body = await readBody(answer);
    await until();
    const { "transfer-encoding": _chunked, ...headers } = answer.headers;
    this.#outgoing.writeHead(answer.statusCode ?? 502, { ...headers, "content-length": String(body.length) });
    this.#outgoing.end(body);
  }

  async #watch(request: ProxiedRequest, onLine: (line: string) => LineVerdict): Promise<void> {
    const answer = await this.#upstream.send(this.#incoming, this.#outgoing, request.body);
    const { socket } = this.#incoming;
    this.#watches.add(socket);
    this.#outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    this.#outgoing.flushHeaders();
    try {
      await this.#lines(answer, onLine);
      this.#outgoing.end();
    } finally {
      this.#watches.delete(socket);
    }
  }

  async #lines(answer: http.IncomingMessage, onLine: (line: string) => LineVerdict): Promise<void> {
    const splitter = new LineSplitter();
    for await (const chunk of answer) {
      for (const line of splitter.push(chunk as Buffer)) this.#line(line, onLine(line));
    }
  }

  #line(line: string, verdict: LineVerdict): void {
    if (verdict === "drop") return;
    if (verdict === "reset") reset(this.#incoming.socket);
    else this.#outgoing.write(`${verdict === "pass" ? line : verdict.replace}\n`);
  }
}

function kubeconfigText(url: string, authority: string): string {
  const cluster = { server: url, "certificate-authority-data": Buffer.from(authority).toString("base64") };
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "proxy", cluster }],
    users: [{ name: "proxy", user: {} }],
    contexts: [{ name: "proxy", context: { cluster: "proxy", user: "proxy", namespace: "default" } }],
    "current-context": "proxy",
  });
}

export async function startApiProxy(kubeconfig: string, judge: Judge): Promise<ApiProxy> {
  const authority = createAuthority("api-proxy-authority");
  const { certificate, key } = authority.issue({ commonName: "api-proxy" }, ["127.0.0.1", "localhost"]);
  const upstream = new Upstream(kubeconfig);
  const watches = new Set<Socket>();
  const server = https.createServer({ cert: certificate, key }, (incoming, outgoing) => {
    const handle = async () => {
      const request = describe(incoming, await readBody(incoming));
      await new Exchange(upstream, watches, incoming, outgoing).carryOut(await judge(request), request);
    };
    // a client that was killed, a server that went away: the client sees a broken connection, as it would without a proxy
    handle().catch(() => reset(incoming.socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const folder = temporaryFolder();
  const path = join(folder.path, "kubeconfig");
  writeFileSync(path, kubeconfigText(url, authority.certificate), { mode: 0o600 });
  return {
    url,
    kubeconfig: path,
    resetWatches() {
      const open = [...watches];
      for (const socket of open) reset(socket);
      return open.length;
    },
    get openWatches() {
      return watches.size;
    },
    async close() {
      server.close();
      server.closeAllConnections();
      upstream.close();
      folder.remove();
    },
  };
}
