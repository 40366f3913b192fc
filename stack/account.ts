/**
 * PostgreSQL refuses to run as root. Where this process is root, PostgreSQL and what shares sockets and files with it run as
 * `nobody`; elsewhere as the current user. Nothing else is changed on the machine: no user is made.
 */
import { chown, stat } from "node:fs/promises";
import { dirname } from "node:path";

const NOBODY = 65_534;

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** The account to switch to, or undefined where the current one will do. */
export function unprivilegedAccount(uid = process.getuid?.() ?? 0): Account | undefined {
  return uid === 0 ? { uid: NOBODY, gid: NOBODY } : undefined;
}

/** Gives a folder or file to the unprivileged account. */
export async function giveAway(path: string): Promise<void> {
  const account = unprivilegedAccount();
  if (account) await chown(path, account.uid, account.gid);
}

/** Whether the unprivileged account can reach this path: every folder above must let everybody pass. */
export async function isReachable(path: string): Promise<boolean> {
  if (!unprivilegedAccount()) return true;
  const mode = (await stat(path)).mode;
  if ((mode & 0o001) === 0) return false;
  return dirname(path) === path || isReachable(dirname(path));
}
