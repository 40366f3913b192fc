// A superuser's session, waited for: PostgreSQL may still be starting, or its name may not resolve yet. What no waiting
// can mend (a wrong password, no rights) is told at once, with what to do about it.
import { setTimeout as delay } from "node:timers/promises";
import { Client } from "pg";
import type { Logger } from "pino";

export class BootstrapError extends Error {
  override readonly name = "BootstrapError";
}

const RETRY_MS = 500;
const CONNECT_LIMIT_MS = 5_000;
const WAITS = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ENOENT",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "EPIPE",
]);

export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "";
}

/** Whether trying again may help: no answer yet, starting up, shutting down, too many connections. */
export function isTransient(error: unknown): boolean {
  const code = codeOf(error);
  if (WAITS.has(code) || code.startsWith("08") || code.startsWith("57P0") || code === "53300") return true;
  return error instanceof Error && /timeout expired|Connection terminated/.test(error.message);
}

export function explainConnectFailure(error: unknown, address: string): BootstrapError {
  const message = error instanceof Error ? error.message : String(error);
  const hints: Record<string, string> = {
    "28P01":
      "The password is not the superuser's. A volume keeps the password that it was initialised with: put that one into the Secret, or change it with ALTER ROLE.",
    "28000": "pg_hba.conf has no entry that lets this user in.",
    "3D000": "The database of ADMIN_URL does not exist; name one that does, such as postgres.",
  };
  const hint = hints[codeOf(error)];
  return new BootstrapError(`cannot connect to ${address}: ${message}${hint ? `\n${hint}` : ""}`, { cause: error });
}

export function databaseUrl(adminUrl: string, database: string): string {
  return adminUrl.replace(
    /^(postgres(?:ql)?:\/\/[^/?]*)(?:\/[^?]*)?/,
    (_, start: string) => `${start}/${encodeURIComponent(database)}`,
  );
}

/** Without user and password. */
export function addressOf(url: string): string {
  return url.replace(/^(postgres(?:ql)?:\/\/)[^/@]*@/, "$1");
}

async function connectOnce(url: string): Promise<Client> {
  const client = new Client({
    connectionString: url,
    application_name: "pg_trickle bootstrap",
    connectionTimeoutMillis: CONNECT_LIMIT_MS,
  });
  // Told by the query that is under way.
  client.on("error", () => {});
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
}

async function connect(url: string, deadlineMs: number, logger: Logger): Promise<Client> {
  for (;;) {
    try {
      return await connectOnce(url);
    } catch (error) {
      if (!isTransient(error) || performance.now() > deadlineMs) throw explainConnectFailure(error, addressOf(url));
      logger.info({ reason: codeOf(error) || String(error) }, "waiting for PostgreSQL");
      await delay(RETRY_MS);
    }
  }
}

export interface SessionOptions {
  readonly url: string;
  readonly waitMs: number;
  readonly logger: Logger;
}

export async function withSession<T>(options: SessionOptions, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await connect(options.url, performance.now() + options.waitMs, options.logger);
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}
