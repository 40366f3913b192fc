/** From the Secret of a CR to a connection: pure. The password stays in the settings and out of every message. */
import { Reason } from "../api/reasons.ts";
import type { Failure } from "../core/observed.ts";

export const sslModes = ["disable", "require", "verify-ca", "verify-full"] as const;
export type SslMode = (typeof sslModes)[number];

export interface ConnectionSettings {
  /** Host name, address, or folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string | undefined;
  readonly sslMode: SslMode;
  /** PEM. */
  readonly ca: string | undefined;
}

type Data = Readonly<Record<string, string>>;
type Parsed = { readonly settings: ConnectionSettings } | { readonly problem: string };

const defaultPort = 5432;

/** `user@/dbname?host=/run/postgresql` is a connection URI for libpq and no URL for WHATWG. */
const noHost = "no-host.invalid";

function parseUrl(text: string): URL | undefined {
  try {
    const url = new URL(text.replace(/^(postgres(?:ql)?:\/\/[^/?#]*@)\//, `$1${noHost}/`));
    return url.protocol === "postgresql:" || url.protocol === "postgres:" ? url : undefined;
  } catch {
    return undefined;
  }
}

function hostOf({ hostname }: URL): string {
  return hostname === noHost ? "" : decodeURIComponent(hostname).replace(/^\[|\]$/g, "");
}

/** The parts of a uri under the names that a Secret without one uses. */
function fieldsOfUri(uri: string): Data | string {
  const url = parseUrl(uri.trim());
  // A malformed uri may still contain a password: it is not repeated.
  if (url === undefined) return "key uri is not of the form postgresql://user:password@host:port/dbname";
  const parameter = (name: string) => url.searchParams.get(name) ?? "";
  try {
    return {
      host: parameter("host") || hostOf(url),
      port: url.port || parameter("port"),
      dbname: decodeURIComponent(url.pathname.slice(1)) || parameter("dbname"),
      user: decodeURIComponent(url.username) || parameter("user"),
      password: decodeURIComponent(url.password) || parameter("password"),
      sslmode: parameter("sslmode"),
    };
  } catch {
    return "key uri has a wrong percent escape";
  }
}

function portOf(text: string | undefined): number | undefined {
  const port = Number(text || defaultPort);
  return Number.isInteger(port) && port > 0 && port < 65536 ? port : undefined;
}

function isSslMode(text: string): text is SslMode {
  return (sslModes as readonly string[]).includes(text);
}

function settingsOf(fields: Data): Parsed {
  const missing = ["host", "dbname", "user"].filter((key) => !fields[key]);
  if (missing.length > 0) return { problem: `it lacks ${missing.join(", ")} (or a uri that has them)` };
  // It is in every message of a connection that fails, and a password may be in it: it is not repeated.
  if (/@|^[^/].*\s/.test(fields["host"] ?? ""))
    return { problem: "host is not a host name (it has an @ or a space in it)" };
  const port = portOf(fields["port"]);
  if (port === undefined) return { problem: `port ${JSON.stringify(fields["port"])} is not a port number` };
  const sslMode = fields["sslmode"] || "disable";
  if (!isSslMode(sslMode)) return { problem: `sslmode ${JSON.stringify(sslMode)} is none of ${sslModes.join(", ")}` };
  const { host = "", dbname: database = "", user = "", password, "ca.crt": ca } = fields;
  return { settings: { host, port, database, user, password: password || undefined, sslMode, ca: ca || undefined } };
}

function parse(data: Data): Parsed {
  const trimmed = Object.fromEntries(Object.entries(data).map(([key, value]) => [key, value.trim()]));
  if (!trimmed["uri"]) return settingsOf(trimmed);
  const fields = fieldsOfUri(trimmed["uri"]);
  if (typeof fields === "string") return { problem: fields };
  return settingsOf({ ...trimmed, ...Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== "")) });
}

/** @param name `namespace/name` of the Secret, for messages. */
export function connectionOf(name: string, data: Data): ConnectionSettings | Failure {
  const parsed = parse(data);
  if ("settings" in parsed) return parsed.settings;
  const message = `Secret ${name} is not a database connection: ${parsed.problem}`;
  return { reason: Reason.SecretInvalid, message, terminal: true };
}

/** Which database, for messages: nothing that is secret. @param name `namespace/name` of the Secret */
export function placeOf(name: string, { host, port }: ConnectionSettings): string {
  const address = host.includes(":") ? `[${host}]` : host;
  return `database ${address}:${port} of Secret ${name}`;
}

export function isFailure(value: ConnectionSettings | Failure): value is Failure {
  return "reason" in value;
}
