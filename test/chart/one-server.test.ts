/** PostgreSQL's container waits for the one before it to leave the volume: its command, run as it stands in the manifest. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { temporaryFolder } from "../../stack/processes.ts";
import { BUILD_TIMEOUT_MS, containersOf, find, haveHelm, podOf, render } from "./chart.ts";

const folder = temporaryFolder();
const started: ChildProcess[] = [];

beforeAll(haveHelm, BUILD_TIMEOUT_MS);

afterAll(() => {
  for (const server of started) server.kill("SIGKILL");
  folder.remove();
});

async function commandOfPostgres(): Promise<string[]> {
  const pod = podOf(
    find(await render({ operator: { enabled: false } }), "StatefulSet", "demo-streamtable-rewind-pg-trickle"),
  );
  const container = pod && containersOf(pod.spec).find(({ name }) => name === "postgres");
  const { command = [], args = [] } = (container ?? {}) as { command?: string[]; args?: string[] };
  return [...command, ...args].map((word) => word.replaceAll("/var/lib/postgresql/", `${folder.path}/`));
}

/** What it says, as it comes. */
function start([program = "", ...args]: readonly string[]): {
  server: ChildProcess;
  says: (text: string) => Promise<void>;
} {
  const env = { ...process.env, PATH: `${folder.path}:${process.env["PATH"]}` };
  const server = spawn(program, args, { env, stdio: ["ignore", "pipe", "inherit"] });
  started.push(server);
  let said = "";
  server.stdout?.on("data", (data: Buffer) => {
    said += data.toString();
  });
  const says = async (text: string) => {
    while (!said.includes(text)) await once(server.stdout ?? server, "data");
  };
  return { server, says };
}

it("starts no second server beside one that still runs, and stops at once while it waits", async () => {
  const entrypoint = join(folder.path, "docker-entrypoint.sh");
  await writeFile(entrypoint, '#!/bin/sh\necho "started $1 $2 $3"\nexec sleep 60\n');
  await chmod(entrypoint, 0o755);
  const command = await commandOfPostgres();

  const first = start(command);
  await first.says("started postgres -c cluster_name=");
  const [second, third] = [start(command), start(command)];
  await Promise.all([second.says("waiting until"), third.says("waiting until")]);
  third.server.kill("SIGTERM");
  expect(await once(third.server, "exit")).toEqual([0, null]);

  first.server.kill("SIGKILL");
  await second.says("started postgres");
});
