// The few calls of the API server that the benchmark times, without the start of a kubectl in between.

import { readFile } from "node:fs/promises";
import { Agent, request } from "node:https";
import { parse } from "yaml";

export interface KubeApi {
  create(path: string, body: object): Promise<void>;
  get(path: string): Promise<unknown>;
  remove(path: string): Promise<void>;
  close(): void;
}

interface Kubeconfig {
  readonly clusters: readonly [{ readonly cluster: Readonly<Record<string, string>> }];
  readonly users: readonly [{ readonly user: Readonly<Record<string, string>> }];
}

export async function connectKubeApi(kubeconfig: string): Promise<KubeApi> {
  const { clusters, users } = parse(await readFile(kubeconfig, "utf8")) as Kubeconfig;
  const { cluster } = clusters[0];
  const { user } = users[0];
  const decode = (text: string | undefined) => Buffer.from(text ?? "", "base64");
  const agent = new Agent({
    keepAlive: true,
    ca: decode(cluster["certificate-authority-data"]),
    cert: decode(user["client-certificate-data"]),
    key: decode(user["client-key-data"]),
  });
  const send = (method: string, path: string, body?: object) =>
    new Promise<unknown>((resolve, reject) => {
      const call = request(new URL(path, cluster["server"]), {
        method,
        agent,
        headers: { "content-type": "application/json" },
      });
      call.once("error", reject);
      call.once("response", (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.once("error", reject);
        response.once("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          if ((response.statusCode ?? 500) >= 300) {
            reject(new Error(`${method} ${path}: ${response.statusCode} ${text.slice(0, 500)}`));
          } else {
            resolve(JSON.parse(text));
          }
        });
      });
      call.end(body === undefined ? undefined : JSON.stringify(body));
    });
  return {
    create: async (path, body) => {
      await send("POST", path, body);
    },
    get: (path) => send("GET", path),
    remove: async (path) => {
      await send("DELETE", path);
    },
    close: () => agent.destroy(),
  };
}
