/** A tar archive from the network, unpacked only if it is the very one that was tested. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface Archive {
  readonly url: string;
  readonly sha256: string;
  /** Leading folders of its entries that are left out. */
  readonly stripped: number;
}

/** Long enough for a slow answer, short enough where packets are dropped. */
const FIRST_BYTE_MS = 8_000;
const DOWNLOAD_MS = 300_000;

async function download({ url }: Archive): Promise<Buffer> {
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(new Error(`no answer within ${FIRST_BYTE_MS / 1000} s`)), FIRST_BYTE_MS);
  const response = await fetch(url, { signal: AbortSignal.any([silence.signal, AbortSignal.timeout(DOWNLOAD_MS)]) })
    .catch((error: Error) => {
      throw new Error(`${url} cannot be reached: ${(error.cause as Error | undefined)?.message ?? error.message}`);
    })
    .finally(() => clearTimeout(timer));
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}

/** Rejects, with nothing unpacked, where it cannot be reached or is another one. */
export async function unpackArchive(archive: Archive, folder: string): Promise<void> {
  const bytes = await download(archive);
  const found = createHash("sha256").update(bytes).digest("hex");
  if (found !== archive.sha256) throw new Error(`${archive.url} has the checksum ${found}, expected ${archive.sha256}`);
  const file = join(folder, "archive.tar.gz");
  await writeFile(file, bytes);
  const strip = `--strip-components=${archive.stripped}`;
  await run("tar", ["--extract", "--gzip", "--file", file, "--directory", folder, strip]);
  await rm(file);
}
