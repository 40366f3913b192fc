/** The container images as archives, where something can build them. */
import { execFile, spawn } from "node:child_process";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Progress } from "../tools/progress.ts";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PREFIX = "streamtable-rewind";
const NAMES = ["operator", "generator", "pg-trickle-postgres", "pg-trickle-extension", "pg-trickle-engine"] as const;

interface Release {
  readonly version: string;
  readonly dist: string;
  readonly progress: Progress;
}

const archive = (dist: string, name: string, version: string): string => join(dist, `${name}-${version}.image.tar`);

/** images/build.sh prints what its builder prints: with IMAGE_BUILDER the path of an archive for each image, in their order. */
async function build(version: string): Promise<readonly string[]> {
  const child = spawn(join(ROOT, "images/build.sh"), [PREFIX, version], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once("error", reject).once("close", resolve),
  );
  if (code !== 0) throw new Error(`images/build.sh ended with ${code}`);
  return output.trim().split("\n");
}

async function hasDocker(): Promise<boolean> {
  return run("docker", ["info"]).then(
    () => true,
    () => false,
  );
}

export async function buildImages({ version, dist, progress }: Release): Promise<void> {
  if (process.env["IMAGE_BUILDER"]) {
    const archives = await progress.step("images", () => build(version));
    if (archives.length !== NAMES.length)
      throw new Error(`IMAGE_BUILDER must print the path of one archive for each image; it printed ${archives.length}`);
    for (const [i, name] of NAMES.entries()) await copyFile(archives[i] as string, archive(dist, name, version));
    return;
  }
  if (!(await hasDocker())) {
    progress.say("no image archives: there is no Docker engine, and IMAGE_BUILDER names no other builder");
    return;
  }
  await progress.step("images", () => build(version));
  for (const name of NAMES)
    await run("docker", ["save", "--output", archive(dist, name, version), `${PREFIX}/${name}:${version}`]);
}
