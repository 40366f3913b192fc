/**
 * Which kind of trouble an error of a database is, for measurements: pure. By code and by how far the connection had come, never
 * by text; few kinds, and nothing in them of hosts, users or passwords.
 */
import type { DatabaseTrouble } from "../core/observed.ts";
import type { CallContext } from "./sqlstate.ts";

/** How far a connection had come when it failed. */
export interface Progress {
  /** The socket had reached somebody. */
  readonly isConnected: boolean;
  /** TLS was asked for and is not there yet. */
  readonly awaitsTls: boolean;
  /** The other side, or the network, ended the connection. */
  readonly isClosed: boolean;
}

const ofNetwork: Readonly<Record<string, DatabaseTrouble>> = {
  ENOTFOUND: "dns",
  ENODATA: "dns",
  EAI_AGAIN: "dns",
  EAI_FAIL: "dns",
  EAI_NONAME: "dns",
  ECONNREFUSED: "refused",
  // A Unix socket that is not there, or that nobody may open.
  ENOENT: "refused",
  EACCES: "refused",
  EHOSTUNREACH: "network",
  EHOSTDOWN: "network",
  ENETUNREACH: "network",
  ENETDOWN: "network",
  EADDRNOTAVAIL: "network",
  ETIMEDOUT: "timeout",
  ECONNRESET: "lost",
  EPIPE: "lost",
};

function ofServer(code: string, context: CallContext): DatabaseTrouble {
  if (context === "connect") {
    // Password, user, database name, right to connect; anything else is a server that takes nobody at the moment.
    return /^(28|3D|42)/.test(code) ? "authentication" : "server";
  }
  if (code.startsWith("57P")) return "lost";
  return "statement";
}

/**
 * @param sqlState of the server, if it has said anything
 * @param code of Node, if there is one
 */
export function troubleOf(
  { sqlState, code }: { readonly sqlState: string | undefined; readonly code: unknown },
  context: CallContext,
  { isConnected, awaitsTls, isClosed }: Progress,
): DatabaseTrouble {
  if (sqlState !== undefined) return ofServer(sqlState, context);
  const known = typeof code === "string" ? ofNetwork[code] : undefined;
  if (known !== undefined) return known;
  if (context !== "connect") return isClosed ? "lost" : "timeout";
  if (!isConnected) return "network";
  if (awaitsTls) return "tls";
  // The client itself gave up while the server was waiting: it has nothing to answer the server's question with.
  return isClosed ? "lost" : "authentication";
}
