/** /metrics, /healthz and /readyz over HTTP, and nothing else. */
import http from "node:http";
import type { AddressInfo } from "node:net";

export interface ProbeServerOptions {
  /** `host:port`; port 0: a free one. */
  readonly address: string;
  readonly metrics: { readonly contentType: string; metrics(): Promise<string> };
  /** Problems; none: 200. */
  readonly liveness: () => readonly string[];
  readonly readiness: () => readonly string[];
}

export interface ProbeServer {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

interface Reply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

const TEXT = "text/plain; charset=utf-8";

function probe(problems: readonly string[]): Reply {
  if (problems.length === 0) return { status: 200, contentType: TEXT, body: "ok\n" };
  return { status: 503, contentType: TEXT, body: `${problems.join("\n")}\n` };
}

async function replyTo(path: string, options: ProbeServerOptions): Promise<Reply> {
  switch (path) {
    case "/metrics":
      return { status: 200, contentType: options.metrics.contentType, body: await options.metrics.metrics() };
    case "/healthz":
      return probe(options.liveness());
    case "/readyz":
      return probe(options.readiness());
    default:
      return { status: 404, contentType: TEXT, body: "not found\n" };
  }
}

async function answer(request: http.IncomingMessage, options: ProbeServerOptions): Promise<Reply> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return { status: 405, contentType: TEXT, body: "only GET\n" };
  }
  try {
    return await replyTo((request.url ?? "/").split("?")[0] ?? "/", options);
  } catch {
    return { status: 500, contentType: TEXT, body: "the metrics could not be collected\n" };
  }
}

/** `127.0.0.1:8080`, `[::1]:8080` or `:8080` (all addresses). */
export function parseAddress(address: string): { host: string | undefined; port: number } {
  const match = /^(?:\[(?<six>[^\]]+)\]|(?<four>[^:]*)):(?<port>\d+)$/.exec(address);
  const port = Number(match?.groups?.["port"]);
  if (!match || port > 65_535) throw new Error(`not an address like 127.0.0.1:8080: ${address}`);
  return { host: match.groups?.["six"] || match.groups?.["four"] || undefined, port };
}

function listen(server: http.Server, address: string): Promise<AddressInfo> {
  const { host, port } = parseAddress(address);
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, host }, () => resolve(server.address() as AddressInfo));
  });
}

function close(server: http.Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

export async function startProbeServer(options: ProbeServerOptions): Promise<ProbeServer> {
  const server = http.createServer((request, response) => {
    void answer(request, options).then(({ status, contentType, body }) => {
      response.writeHead(status, { "Content-Type": contentType });
      response.end(request.method === "HEAD" ? undefined : body);
    });
  });
  const { address, port } = await listen(server, options.address);
  return { host: address, port, close: () => close(server) };
}
