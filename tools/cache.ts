/**
 * Where finished downloads and builds live between runs. Owns the folder's name and the rule that an entry is either whole or
 * absent; it does not know what the entries are.
 */
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

/** `STRW_CACHE`, or the XDG cache folder. */
export function cacheDir(environment: NodeJS.ProcessEnv = process.env): string {
  const own = environment["STRW_CACHE"];
  if (own) return own;
  return join(environment["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "streamtable-rewind");
}

/** Whether something is there under this path. */
export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** The folder `<cache>/<name>`, if it is there. */
export async function cachedEntry(name: string): Promise<string | undefined> {
  const folder = join(cacheDir(), name);
  return (await exists(folder)) ? folder : undefined;
}

/**
 * The folder `<cache>/<name>`, made by `fill` if it is not there. It is filled under another name and renamed, so two
 * processes may do so at once and one that dies leaves nothing half done under the final name.
 */
export async function cached(name: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const final = join(cacheDir(), name);
  if (await exists(final)) return final;
  const draft = `${final}.${process.pid}.${Date.now()}.part`;
  await mkdir(draft, { recursive: true });
  try {
    await fill(draft);
    await rename(draft, final).catch(async (error: unknown) => {
      // Another process has been quicker: its entry is as good as ours.
      if (!(await exists(final))) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return final;
}
