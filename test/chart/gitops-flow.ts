/** A working copy of examples/gitops/rewinds, what pull requests do to it, and what Argo CD and Flux do after a merge. */
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Document, parse, parseDocument } from "yaml";
import type { StreamTableRewindSpecInput } from "../../operator/api/spec.ts";

export const GITOPS = fileURLToPath(new URL("../../examples/gitops", import.meta.url));
const KUSTOMIZATION = "kustomization.yaml";
const run = promisify(execFile);

/** Argo CD applies as the client does; Flux as the server does, and takes over what others have set. */
const applies = {
  "Argo CD": [],
  Flux: ["--server-side", "--force-conflicts", "--field-manager=kustomize-controller"],
} as const;
export type Tool = keyof typeof applies;
export const tools = Object.keys(applies) as readonly Tool[];

export interface Cluster {
  readonly kubeconfig: string;
  /** The folder that holds kubectl. */
  readonly assets: string;
}

export interface RewindFile {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: StreamTableRewindSpecInput;
}

export class RewindsFolder {
  readonly path: string;

  /** @param namespace where the kustomization puts its objects. */
  constructor(namespace: string) {
    this.path = mkdtempSync(join(tmpdir(), "strw-rewinds-"));
    cpSync(join(GITOPS, "rewinds"), this.path, { recursive: true });
    this.#edit(KUSTOMIZATION, (document) => document.set("namespace", namespace));
  }

  /** Files with a rewind, as the kustomization lists them. */
  files(): readonly string[] {
    const { resources } = parse(readFileSync(join(this.path, KUSTOMIZATION), "utf8")) as { resources: string[] };
    return resources;
  }

  /** The one that the example comes with. */
  get file(): string {
    const [first] = this.files();
    if (first === undefined) throw new Error("the folder has no rewind");
    return first;
  }

  read(file = this.file): RewindFile {
    return parse(readFileSync(join(this.path, file), "utf8")) as RewindFile;
  }

  /** A change of one field, such as ["spec", "target", "snapshotId"]; comments stay. */
  set(field: readonly string[], value: unknown, file = this.file): void {
    this.#edit(file, (document) => document.setIn(field, value));
  }

  /** The first pull request: another file and its line. */
  add(file: string, rewind: RewindFile): void {
    writeFileSync(join(this.path, file), JSON.stringify(rewind));
    this.#edit(KUSTOMIZATION, (document) => document.addIn(["resources"], file));
  }

  /** The second pull request. */
  approve(planHash: string, file = this.file): void {
    this.set(["spec", "approval", "planHash"], planHash, file);
  }

  /** The last one, when it is over: file and line go. */
  remove(file = this.file): void {
    const left = this.files().filter((one) => one !== file);
    rmSync(join(this.path, file));
    this.#edit(KUSTOMIZATION, (document) => document.set("resources", left));
  }

  /** What the tool does after a merge, and again and again. */
  async sync(tool: Tool, { kubeconfig, assets }: Cluster): Promise<void> {
    await run(join(assets, "kubectl"), ["--kubeconfig", kubeconfig, "apply", "-k", this.path, ...applies[tool]]);
  }

  delete(): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  #edit(file: string, change: (document: Document) => void): void {
    const path = join(this.path, file);
    const document = parseDocument(readFileSync(path, "utf8"));
    change(document);
    writeFileSync(path, document.toString());
  }
}
