// GET /metrics over HTTP, and nothing else; nothing is read from a request but its method and path.
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Facts } from "./database.ts";
import { metricsText } from "./metrics.ts";

export interface MetricsServer {
  readonly url: string;
  close(): Promise<void>;
}

const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

function listen(server: Server, address: string): Promise<void> {
  const separator = address.lastIndexOf(":");
  const host = address.slice(0, separator).replace(/^\[(.*)\]$/, "$1");
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: host || undefined, port: Number(address.slice(separator + 1)) }, resolve);
  });
}

function reply(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": CONTENT_TYPE }).end(text);
}

/** @param read is asked once for all that come while it answers: a slow database is not asked ever more often. */
export async function startMetricsServer(address: string, read: () => Promise<Facts>): Promise<MetricsServer> {
  let reading: Promise<string> | undefined;
  const text = () => {
    reading ??= read()
      .then(metricsText)
      .finally(() => {
        reading = undefined;
      });
    return reading;
  };
  const server = createServer(({ method, url }, response) => {
    if (method !== "GET") return reply(response, 405, "only GET\n");
    if (url?.split("?")[0] !== "/metrics") return reply(response, 404, "not found\n");
    text().then(
      (body) => reply(response, 200, body),
      // Why is in the scheduler's log; a scrape that fails is an alert of its own.
      () => reply(response, 503, "the database does not answer\n"),
    );
  });
  await listen(server, address);
  const bound = server.address() as AddressInfo;
  const host = bound.family === "IPv6" ? `[${bound.address}]` : bound.address;
  return {
    url: `http://${host}:${bound.port}/metrics`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
