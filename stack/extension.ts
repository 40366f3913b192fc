/** pg_trickle's extension, assembled where PostgreSQL can read it. */
import { mkdir } from "node:fs/promises";
import { assembleExtension } from "../pg_trickle/extension/assemble.ts";
import { giveAway } from "./account.ts";

/** Writes the extension's files below `folder`, the value of extension_control_path. */
export async function installExtension(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  await assembleExtension(folder);
  await giveAway(folder);
  return folder;
}
