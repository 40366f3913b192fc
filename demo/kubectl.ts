// The real kubectl of the stack's own Kubernetes, with the stack's own kubeconfig: never the user's context.

import { execFile, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const execute = promisify(execFile);

export interface Kubectl {
  run(args: readonly string[]): Promise<string>;
  /** `kubectl apply -f -` */
  apply(text: string): Promise<string>;
  /** Calls back for each line of a command that goes on until it is stopped. */
  follow(args: readonly string[], onLine: (line: string) => void): { stop(): void };
}

export function createKubectl(address: { readonly assets: string; readonly kubeconfig: string }): Kubectl {
  const command = join(address.assets, "kubectl");
  const env = { PATH: process.env["PATH"], HOME: process.env["HOME"], KUBECONFIG: address.kubeconfig };
  return {
    async run(args) {
      const { stdout } = await execute(command, [...args], { env, maxBuffer: 16 * 1024 * 1024 });
      return stdout;
    },
    async apply(text) {
      const running = execute(command, ["apply", "-f", "-"], { env });
      running.child.stdin?.end(text);
      return (await running).stdout;
    },
    follow(args, onLine) {
      const child = spawn(command, [...args], { env, stdio: ["ignore", "pipe", "ignore"] });
      createInterface({ input: child.stdout }).on("line", onLine);
      child.on("error", () => undefined);
      return { stop: () => child.kill() };
    },
  };
}
