/** A namespace of a real cluster: kubectl and helm in it, and what is printed when something fails there. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describeNamespace } from "./describe.ts";
import type { ClusterSettings } from "./settings.ts";

const run = promisify(execFile);
const CHART = fileURLToPath(new URL("../../helm/streamtable-rewind", import.meta.url));

export interface Namespace {
  readonly name: string;
  kubectl(args: readonly string[], input?: string): Promise<string>;
  helm(args: readonly string[], values?: object): Promise<string>;
  /** `helm upgrade --install --wait` of the chart in the checkout, with the images under test. */
  install(release: string, values?: object): Promise<string>;
  apply(manifest: string | object): Promise<string>;
  /** Undefined if there is no such object. */
  get<T>(kind: string, name: string): Promise<T | undefined>;
  /** Everything that may explain a failure, as text. */
  describe(): Promise<string>;
}

class ClusterNamespace implements Namespace {
  readonly name: string;
  readonly #settings: ClusterSettings;

  constructor(settings: ClusterSettings, name: string) {
    this.name = name;
    this.#settings = settings;
  }

  async kubectl(args: readonly string[], input = ""): Promise<string> {
    return this.#run(this.#settings.kubectl, ["--namespace", this.name, ...args], input);
  }

  async helm(args: readonly string[], values?: object): Promise<string> {
    const files = values === undefined ? [] : ["--values", "-"];
    const all = ["--namespace", this.name, ...args, ...files];
    return this.#run(this.#settings.helm, all, values === undefined ? "" : JSON.stringify(values));
  }

  async install(release: string, values: object = {}): Promise<string> {
    const images = ["operator.image", "generator.image", "pgTrickle.image", "pgTrickle.postgres.image"];
    const names = ["operator", "generator", "pg-trickle-engine", "pg-trickle-postgres"];
    const { images: prefix, tag } = this.#settings;
    const sets = images.flatMap((key, i) => [
      "--set",
      `${key}.repository=${prefix}/${names[i]},${key}.tag=${tag},${key}.pullPolicy=IfNotPresent`,
    ]);
    return this.helm(["upgrade", "--install", release, CHART, "--wait", "--timeout", "5m", ...sets], values);
  }

  async apply(manifest: string | object): Promise<string> {
    return this.kubectl(["apply", "-f", "-"], typeof manifest === "string" ? manifest : JSON.stringify(manifest));
  }

  async get<T>(kind: string, name: string): Promise<T | undefined> {
    const text = await this.kubectl(["get", kind, name, "--ignore-not-found", "-o", "json"]);
    return text === "" ? undefined : (JSON.parse(text) as T);
  }

  describe(): Promise<string> {
    return describeNamespace((args) => this.kubectl(args));
  }

  async #run(command: string, args: readonly string[], input: string): Promise<string> {
    // Only this kubeconfig: never the user's own context.
    const env = { ...process.env, KUBECONFIG: this.#settings.kubeconfig };
    const running = run(command, [...args], { env, maxBuffer: 64 * 1024 * 1024 });
    running.child.stdin?.on("error", () => {});
    running.child.stdin?.end(input);
    return (await running).stdout;
  }
}

export function openNamespace(settings: ClusterSettings, name: string): Namespace {
  return new ClusterNamespace(settings, name);
}
