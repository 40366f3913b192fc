/** A way to an S3 server on which answers get lost: each fault hits so many requests of its kind, everything else passes. */
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** `cut`: the connection ends in the middle of the body; `stalled`: nothing comes any more; `lost`: done, and no answer. */
export type Fault = "cut" | "stalled" | "lost" | "busy";

export interface S3Faults {
  readonly address: string;
  /** The next `times` data reads (GET) or uploads (PUT) meet this. */
  fault(method: "GET" | "PUT", fault: Fault, times: number): void;
  heal(): void;
  /** How many requests have met a fault. */
  hits(): number;
  stop(): Promise<void>;
}

/** Answers with less than this are footers, lists and errors. */
const DATA_BYTES = 50_000;

async function ask(endpoint: string, incoming: IncomingMessage): Promise<{ answer: IncomingMessage; body: Buffer }> {
  const [host, port] = endpoint.split(":");
  const { method, url, headers } = incoming;
  const sent = await buffer(incoming);
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    request({ host, port, method, path: url, headers }, resolve).once("error", reject).end(sent);
  });
  return { answer, body: await buffer(answer) };
}

function spoil(fault: Fault, response: ServerResponse, { answer, body }: { answer: IncomingMessage; body: Buffer }) {
  if (fault === "lost") return response.destroy();
  if (fault === "busy") return response.writeHead(503).end("<Error><Code>SlowDown</Code></Error>");
  response.writeHead(answer.statusCode ?? 500, answer.headers);
  const half = body.subarray(0, body.length / 2);
  return fault === "cut" ? response.write(half, () => response.destroy()) : response.write(half);
}

export async function startS3Faults(endpoint: string): Promise<S3Faults> {
  const pending = { method: "", fault: "cut" as Fault, left: 0 };
  let hits = 0;
  const server = createServer((incoming, response) => {
    const pass = async () => {
      const asked = await ask(endpoint, incoming);
      const isMeant = incoming.method === "PUT" || asked.body.length > DATA_BYTES;
      if (pending.method === incoming.method && pending.left > 0 && isMeant) {
        pending.left--;
        hits++;
        spoil(pending.fault, response, asked);
        return;
      }
      response.writeHead(asked.answer.statusCode ?? 500, asked.answer.headers).end(asked.body);
    };
    pass().catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    fault(method, fault, times) {
      Object.assign(pending, { method, fault, left: times });
    },
    heal() {
      pending.left = 0;
    },
    hits: () => hits,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
