// Session settings. postgres_fdw sets a handful before its first statement; those that change nothing here are accepted
// and remembered, the time zone is applied to timestamps that are sent.
import { LakeError, SQL_STATE } from "../errors.ts";
import { type ZoneOffset, zoneOffset } from "../wire/text/time-zones.ts";

export const SERVER_VERSION = "18.0 (pg_trickle lake engine)";

const DEFAULTS: Readonly<Record<string, string>> = {
  application_name: "",
  client_encoding: "UTF8",
  client_min_messages: "notice",
  datestyle: "ISO, MDY",
  default_transaction_isolation: "repeatable read",
  default_transaction_read_only: "off",
  extra_float_digits: "3",
  idle_in_transaction_session_timeout: "0",
  integer_datetimes: "on",
  intervalstyle: "postgres",
  is_superuser: "off",
  lock_timeout: "0",
  search_path: "pg_catalog",
  server_encoding: "UTF8",
  server_version: SERVER_VERSION,
  standard_conforming_strings: "on",
  statement_timeout: "0",
  timezone: "UTC",
  transaction_isolation: "repeatable read",
};

const FIXED = new Set([
  "integer_datetimes",
  "is_superuser",
  "server_encoding",
  "server_version",
  "transaction_isolation",
]);

/** Spelling in ParameterStatus of those that libpq wants to be told. */
const REPORTED: Readonly<Record<string, string>> = {
  application_name: "application_name",
  client_encoding: "client_encoding",
  datestyle: "DateStyle",
  integer_datetimes: "integer_datetimes",
  intervalstyle: "IntervalStyle",
  server_encoding: "server_encoding",
  server_version: "server_version",
  standard_conforming_strings: "standard_conforming_strings",
  timezone: "TimeZone",
};

function checkValue(name: string, value: string): void {
  const bare = value.replaceAll(/["\s-]/g, "").toLowerCase();
  if (name === "client_encoding" && bare !== "utf8" && bare !== "unicode") {
    throw unsupported(name, value, "The engine speaks UTF8 only.");
  }
  if (name === "datestyle" && !bare.startsWith("iso")) throw unsupported(name, value, "Use ISO.");
  if (name === "intervalstyle" && bare !== "postgres") throw unsupported(name, value, "Use postgres.");
}

function unsupported(name: string, value: string, hint: string): LakeError {
  return new LakeError(SQL_STATE.invalidParameter, `${name} "${value}" is not supported`, { hint });
}

export class Settings {
  readonly #values = new Map<string, string>(Object.entries(DEFAULTS));
  /** Values to go back to when the transaction ends (SET LOCAL) or is rolled back. */
  readonly #before = new Map<string, string>();
  #zone: ZoneOffset = zoneOffset("UTC");

  get zone(): ZoneOffset {
    return this.#zone;
  }

  get(name: string): string {
    const value = this.#values.get(name);
    if (value !== undefined) return value;
    throw new LakeError("42704", `unrecognized configuration parameter "${name}"`);
  }

  /** Null sets the default again. */
  set(name: string, value: string | null, local = false): void {
    const known = DEFAULTS[name];
    if (known === undefined) throw new LakeError("42704", `unrecognized configuration parameter "${name}"`);
    if (FIXED.has(name)) throw new LakeError("55P02", `parameter "${name}" cannot be changed`);
    const next = value ?? known;
    checkValue(name, next);
    if (local && !this.#before.has(name)) this.#before.set(name, this.get(name));
    this.#apply(name, next);
  }

  endTransaction(): void {
    for (const [name, value] of this.#before) this.#apply(name, value);
    this.#before.clear();
  }

  reset(): void {
    for (const name of Object.keys(DEFAULTS)) {
      if (!FIXED.has(name) && name !== "application_name") this.#apply(name, DEFAULTS[name] ?? "");
    }
  }

  reported(name: string): readonly [name: string, value: string] | null {
    const spelling = REPORTED[name];
    return spelling === undefined ? null : [spelling, this.get(name)];
  }

  allReported(): readonly (readonly [name: string, value: string])[] {
    return Object.entries(REPORTED).map(([name, spelling]) => [spelling, this.get(name)]);
  }

  #apply(name: string, value: string): void {
    if (name === "timezone") this.#zone = zoneOffset(value);
    this.#values.set(name, value);
  }
}
