/** A history from its seed, and how a person plays it again. */
import type { HistoryOptions, HistoryResult } from "./history.ts";
import { CLIENT_NAMES, type ClientName, makeScript, printStep, type Step } from "./script.ts";

export interface SeedOptions {
  readonly seed: number;
  readonly steps: number;
  readonly clients?: readonly ClientName[] | undefined;
  readonly withMaintenance?: boolean;
  readonly withProvocations?: boolean;
  readonly isDeltaForced?: boolean | undefined;
}

/** Two to four clients, a plain DuckDB among them; Delta is forced with every even seed. */
export function historyOf(options: SeedOptions): HistoryOptions {
  const { seed, steps, withMaintenance = true, withProvocations = true } = options;
  const clients = options.clients ?? CLIENT_NAMES.slice(0, 2 + (Math.floor(seed / 2) % 3));
  const script = makeScript({ seed, steps, clients, withMaintenance, withProvocations });
  return { script, clients, isDeltaForced: options.isDeltaForced ?? seed % 2 === 0 };
}

/** For a script that is read from a file: with the clients that it names. */
export function historyOfScript(script: readonly Step[], isDeltaForced: boolean): HistoryOptions {
  return {
    script,
    clients: CLIENT_NAMES.filter((name) => script.some(({ client }) => client === name)),
    isDeltaForced,
  };
}

export function printScript(script: readonly Step[]): string {
  return script.map(printStep).join("\n");
}

/** Everything that a person needs who was not there. */
export function reportOf(how: string, { script }: HistoryOptions, { finding, played, log }: HistoryResult): string {
  if (!finding) return `${how}: ${played} steps, no difference`;
  return [
    `${how}: at step ${played} of ${script.length}`,
    finding.message,
    "",
    "The last things that were said and answered:",
    ...log.slice(-30),
    "",
    "The script up to here (make fuzz SCRIPT=file):",
    printScript(script.slice(0, played)),
  ].join("\n");
}
