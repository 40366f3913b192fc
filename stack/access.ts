/** How a person reaches a running stack: the file to `source` and the text on the terminal. Pure. */

export interface StackAccess {
  readonly databaseUrl: string;
  readonly kubeconfig: string;
  /** The SQL with which a person's own DuckDB loads the extensions and attaches the lake read-only. */
  readonly ducklakeAttach: string;
  readonly metricsUrl: string;
  readonly logDir: string;
  /** The folder that holds kubectl. */
  readonly kubeAssets: string;
}

/** A word of the shell, whatever is in it. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** The text of `.run/env`. */
export function envFileText(access: StackAccess): string {
  const variables = {
    DATABASE_URL: access.databaseUrl,
    KUBECONFIG: access.kubeconfig,
    DUCKLAKE_ATTACH: access.ducklakeAttach,
    STRW_LOGS: access.logDir,
  };
  const exports = Object.entries(variables).map(([name, value]) => `export ${name}=${shellQuote(value)}`);
  return [
    "# Written by `make up`, removed by `make down`: source it.",
    ...exports,
    "# A kubectl of its own, where the machine has none.",
    `command -v kubectl >/dev/null 2>&1 || export PATH="$PATH":${shellQuote(access.kubeAssets)}`,
    "",
  ].join("\n");
}

export function accessText(access: StackAccess, envFile: string): string {
  return `
  source ${envFile}

  PostgreSQL   psql "$DATABASE_URL"                 ${access.databaseUrl}
  Kubernetes   kubectl get streamtablerewinds       with KUBECONFIG from that file
  DuckDB       duckdb -cmd "$DUCKLAKE_ATTACH"       1.5.5, the lake read-only as \`lake\`
  Metrics      ${access.metricsUrl}
  Logs         make logs                            ${access.logDir}
  Stop         make down
`;
}
