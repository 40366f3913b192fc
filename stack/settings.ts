/** What a person may set for the stack, from the environment or a file `.env`: pure. */
import { parseEnv } from "node:util";

export interface Settings {
  readonly postgresPort: number;
  readonly batchSize: number;
  readonly intervalMs: number;
}

/** Lists every setting that is wrong, not only the first. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
}

interface Rule {
  readonly fallback: number;
  readonly min: number;
  readonly max: number;
}

const RULES = {
  POSTGRES_PORT: { fallback: 5432, min: 1, max: 65_535 },
  BATCH_SIZE: { fallback: 50, min: 1, max: 100_000 },
  INTERVAL_MS: { fallback: 2_000, min: 0, max: 3_600_000 },
} as const satisfies Record<string, Rule>;

type Name = keyof typeof RULES;

/** The environment wins over the file; an empty value means the default. */
export function readSettings(environment: NodeJS.ProcessEnv, envFile: string): Settings {
  const file = parseEnv(envFile);
  const problems: string[] = [];
  const read = (name: Name): number => {
    const { fallback, min, max } = RULES[name];
    const text = (environment[name] || file[name] || "").trim();
    const origin = environment[name] ? "the environment" : ".env";
    if (text === "") return fallback;
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    problems.push(`${name}=${text} (from ${origin}): must be a whole number from ${min} to ${max}`);
    return fallback;
  };
  const settings = {
    postgresPort: read("POSTGRES_PORT"),
    batchSize: read("BATCH_SIZE"),
    intervalMs: read("INTERVAL_MS"),
  };
  if (problems.length > 0) throw new SettingsError(problems.join("\n"));
  return settings;
}

/** Who listens on a port that PostgreSQL was to have. */
export type PortOwner = { readonly kind: "own stack"; readonly folder: string } | { readonly kind: "unknown" };

/** What is wrong, and the two ways out. */
export function portTakenMessage(port: number, owner: PortOwner): string {
  const another = `use another port: POSTGRES_PORT=${port === 65_535 ? port - 1 : port + 1} make up (or that line in .env).`;
  if (owner.kind === "own stack") {
    return (
      `Port ${port} on 127.0.0.1 is taken by a stack of this project, with its data in ${owner.folder}. ` +
      `Stop it with \`make down\` in its own checkout, or ${another}`
    );
  }
  return (
    `Port ${port} on 127.0.0.1 is taken by another program, so PostgreSQL cannot listen there. ` +
    `Stop that program (\`ss -ltnp 'sport = :${port}'\` names it), or ${another}`
  );
}
