import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Archive, unpackArchive } from "./archive.ts";
import { isRecent } from "./go-toolchain.ts";
import { ensureKubeAssets } from "./kube-assets.ts";
import { silentProgress } from "./progress.ts";

let folder: string;
let server: Server;
let requests: number;

/** An archive in the layout of the official one, with small programs. */
function makeArchive(programs: readonly string[]): Buffer {
  const inside = join(folder, "controller-tools", "envtest");
  mkdirSync(inside, { recursive: true });
  for (const program of programs) {
    writeFileSync(join(inside, program), `#!/bin/sh\necho ${program}\n`);
    chmodSync(join(inside, program), 0o755);
  }
  execFileSync("tar", ["-czf", join(folder, "a.tgz"), "-C", folder, "controller-tools"]);
  return readFileSync(join(folder, "a.tgz"));
}

function serve(bytes: Buffer): Archive {
  server.on("request", (request, response) => {
    requests++;
    if (request.url === "/archive.tar.gz") response.end(bytes);
    else response.writeHead(404).end();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/archive.tar.gz`;
  return { url, sha256: createHash("sha256").update(bytes).digest("hex"), stripped: 2 };
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "strw-assets-"));
  requests = 0;
  vi.stubEnv("STRW_CACHE", join(folder, "cache"));
  vi.stubEnv("KUBEBUILDER_ASSETS", "");
  server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

const PROGRAMS = ["etcd", "kube-apiserver", "kubectl"];

describe("the Kubernetes API server", () => {
  test("comes out of the archive once, then out of the cache", async () => {
    const archive = serve(makeArchive(PROGRAMS));
    const { dir } = await ensureKubeAssets(silentProgress, archive);
    for (const program of PROGRAMS) expect(execFileSync(join(dir, program), { encoding: "utf8" })).toBe(`${program}\n`);
    expect(await ensureKubeAssets(silentProgress, archive)).toEqual({ dir });
    expect(requests).toBe(1);
  });

  test("is where KUBEBUILDER_ASSETS says, and nothing is asked of the network", async () => {
    const archive = serve(makeArchive(PROGRAMS));
    const given = join(folder, "controller-tools", "envtest");
    vi.stubEnv("KUBEBUILDER_ASSETS", given);
    expect(await ensureKubeAssets(silentProgress, archive)).toEqual({ dir: given });
    expect(requests).toBe(0);
  });

  test("is refused in a folder that lacks a program of it", async () => {
    makeArchive(["etcd", "kubectl"]);
    const given = join(folder, "controller-tools", "envtest");
    vi.stubEnv("KUBEBUILDER_ASSETS", given);
    await expect(ensureKubeAssets(silentProgress)).rejects.toThrow(
      `KUBEBUILDER_ASSETS=${given} has no executable kube-apiserver; unset it to have the programs downloaded`,
    );
  });
});

describe("an archive", () => {
  const target = () => {
    const path = join(folder, "target");
    mkdirSync(path);
    return path;
  };

  test("that is another one than was tested is not unpacked", async () => {
    const archive = serve(makeArchive(PROGRAMS));
    const other = { ...archive, sha256: "0".repeat(64) };
    await expect(unpackArchive(other, target())).rejects.toThrow(
      `${archive.url} has the checksum ${archive.sha256}, expected ${other.sha256}`,
    );
  });

  test("that is not there says so", async () => {
    const archive = serve(makeArchive(PROGRAMS));
    const gone = { ...archive, url: archive.url.replace("archive", "gone") };
    await expect(unpackArchive(gone, target())).rejects.toThrow(`${gone.url} answers 404`);
  });

  test("whose server cannot be reached says so", async () => {
    const archive = serve(makeArchive(PROGRAMS));
    await new Promise((resolve) => server.close(resolve));
    await expect(unpackArchive(archive, target())).rejects.toThrow(`${archive.url} cannot be reached: `);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
});

test.each([
  ["go version go1.26.8 linux/amd64", true],
  ["go version go1.25 linux/amd64", true],
  ["go version go2.0 linux/amd64", true],
  ["go version go1.24.9 linux/amd64", false],
  ["go version devel +a1b2c3", false],
])("a Go that can build the modules: %s: %s", (version, want) => expect(isRecent(version)).toBe(want));
