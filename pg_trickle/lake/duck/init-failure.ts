// What is told of a failure in the SQL that is run at the engine's start. That SQL may hold keys, and DuckDB quotes the line
// of a mistake. Pure.

const MAY_HOLD_KEYS = /secret|key_id|token|password/i;

const NO_KEYS =
  "nobody gives this engine keys for S3: its service account (pgTrickle.serviceAccountName) has no identity in AWS, or its endpoint does not answer. Give the account a role by EKS Pod Identity or its annotation, and start the pod again; or use pgTrickle.lake.s3.credentials: Secret";

export function explainInitFailure(message: string, sql: string): string {
  if (message.includes("Secret Validation Failure")) return NO_KEYS;
  const line = Number(/\nLINE (\d+):/.exec(message)?.[1]);
  const quoted = Number.isNaN(line) ? "" : (sql.split("\n")[line - 1] ?? "");
  if (!MAY_HOLD_KEYS.test(quoted)) return message;
  return `the SQL that is run at the start has a mistake on line ${line}, which is not shown, as it may hold a key`;
}
