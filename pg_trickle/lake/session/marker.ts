// What a commit says about who made it, from the name of the connection. The operation marker: a connection named
// strw/<uid>/repair/<attempt> commits at most once per uid, ever. It is in the same DuckLake snapshot as the rows, so it
// is there if and only if they are.

export interface OperationMarker {
  readonly operation: string;
  readonly uid: string;
  readonly attempt: number;
}

const NAME = /^(strw\/([A-Za-z0-9._-]{1,64})\/repair)\/(\d{1,9})$/;

export function readMarker(applicationName: string): OperationMarker | null {
  const match = NAME.exec(applicationName);
  if (match?.[1] === undefined || match[2] === undefined) return null;
  return { operation: match[1], uid: match[2], attempt: Number(match[3]) };
}

export interface CommitMessage {
  readonly author: string;
  readonly message: string;
  readonly extraInfo: string | null;
}

/**
 * How sessions of PostgreSQL that come through server lake name themselves: prefix, who logged in there, tab, their own
 * application_name (attach_lake sets it; postgres_fdw fills it in). The prefix keeps it from being a marker, whatever
 * follows. PostgreSQL lets no control character into an application_name, so the last tab is the one between the two,
 * also where a role's name has tabs; and a name that is cut loses its end, which is not the user.
 */
const FDW_PREFIX = "postgres_fdw\t";

export interface PostgresWriter {
  readonly user: string;
  readonly applicationName: string;
}

export function readPostgresWriter(applicationName: string): PostgresWriter | null {
  if (!applicationName.startsWith(FDW_PREFIX)) return null;
  const rest = applicationName.slice(FDW_PREFIX.length);
  const tab = rest.lastIndexOf("\t");
  const user = tab < 0 ? rest : rest.slice(0, tab);
  return { user, applicationName: tab < 0 ? "" : rest.slice(tab + 1) };
}

/** Names that drivers give by themselves say nothing about who wrote. */
const DEFAULT_NAMES = new Set(["", "postgres_fdw", "psql", "node-postgres"]);

export function commitMessage(user: string, applicationName: string, summary: string): CommitMessage {
  const marker = readMarker(applicationName);
  if (marker !== null) {
    const extraInfo = JSON.stringify({ operation: marker.operation, attempt: marker.attempt });
    return { author: user, message: `StreamTableRewind repair ${marker.uid}`, extraInfo };
  }
  const writer = readPostgresWriter(applicationName);
  if (writer !== null) return writerMessage(writer, summary);
  return { author: DEFAULT_NAMES.has(applicationName) ? user : applicationName, message: summary, extraInfo: null };
}

/** DuckLake takes an extra_info or none, but no NULL. */
export function setCommitMessage({ author, message, extraInfo }: CommitMessage): { sql: string; values: string[] } {
  if (extraInfo === null) return { sql: "call lake.set_commit_message($1, $2)", values: [author, message] };
  return { sql: "call lake.set_commit_message($1, $2, extra_info => $3)", values: [author, message, extraInfo] };
}

export function writerMessage({ user, applicationName }: PostgresWriter, summary: string): CommitMessage {
  const message = applicationName === "" ? summary : `${applicationName}: ${summary}`;
  return { author: user, message, extraInfo: null };
}

/** Whether a snapshot's commit_extra_info carries this operation; text of others may be anything. */
export function carriesOperation(extraInfo: string, operation: string): boolean {
  try {
    const value: unknown = JSON.parse(extraInfo);
    return typeof value === "object" && value !== null && "operation" in value && value.operation === operation;
  } catch {
    return false;
  }
}
