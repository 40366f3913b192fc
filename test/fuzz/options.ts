/** What `make fuzz` is asked to do, from its variables. */
import { CLIENT_NAMES, type ClientName } from "./script.ts";

export interface FuzzOptions {
  /** Of the first history; each one has the next number. */
  readonly seed: number;
  /** Steps of a history. */
  readonly steps: number;
  /** Histories are begun until then. */
  readonly minutes: number;
  /** At most so many histories. */
  readonly histories: number;
  /** undefined: two to four, by the seed. */
  readonly clients: readonly ClientName[] | undefined;
  readonly withMaintenance: boolean;
  readonly withProvocations: boolean;
  /** undefined: in every other history. */
  readonly isDeltaForced: boolean | undefined;
  /** A file with steps, in place of a seed's. */
  readonly script: string | undefined;
  /** A script that fails is made shorter. */
  readonly isShrunk: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

function readNumber(environment: Environment, name: string, fallback: number): number {
  const text = environment[name]?.trim();
  if (!text) return fallback;
  if (!/^\d+$/.test(text)) throw new Error(`${name} takes a whole number, not ${text}`);
  return Number(text);
}

function readFlag(environment: Environment, name: string): boolean | undefined {
  const text = environment[name]?.trim();
  if (!text) return undefined;
  if (text !== "0" && text !== "1") throw new Error(`${name} takes 0 or 1, not ${text}`);
  return text === "1";
}

/** A number of clients, or their names with commas between them. */
function readClients(text: string | undefined): readonly ClientName[] | undefined {
  if (!text?.trim()) return undefined;
  if (/^[1-4]$/.test(text.trim())) return CLIENT_NAMES.slice(0, Number(text));
  const names = text.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !(CLIENT_NAMES as readonly string[]).includes(name));
  if (unknown !== undefined) {
    throw new Error(`CLIENTS takes 1 to 4, or names of ${CLIENT_NAMES.join(", ")}; not ${unknown}`);
  }
  return names as ClientName[];
}

export function readOptions(environment: Environment, now: number): FuzzOptions {
  const hasSeed = Boolean(environment["SEED"]?.trim());
  const script = environment["SCRIPT"]?.trim() || undefined;
  const isOne = (hasSeed || script !== undefined) && !environment["MINUTES"]?.trim();
  return {
    seed: readNumber(environment, "SEED", now % 1_000_000),
    steps: readNumber(environment, "STEPS", 100),
    minutes: readNumber(environment, "MINUTES", 60),
    histories: readNumber(environment, "HISTORIES", isOne ? 1 : Number.MAX_SAFE_INTEGER),
    clients: readClients(environment["CLIENTS"]),
    withMaintenance: readFlag(environment, "MAINTENANCE") ?? true,
    withProvocations: readFlag(environment, "PROVOKE") ?? true,
    isDeltaForced: readFlag(environment, "DELTA"),
    script,
    isShrunk: readFlag(environment, "SHRINK") ?? false,
  };
}
