// For tests only: clients that speak to the engine itself, and errors as values.
import { Client } from "pg";

export interface EngineAddress {
  readonly socketDir: string;
  readonly port: number;
}

export interface EngineLogin {
  readonly user?: string;
  readonly password?: string;
  readonly applicationName?: string;
}

export async function connectEngine(address: EngineAddress, login: EngineLogin = {}): Promise<Client> {
  const { user = "lake", password = user, applicationName = "" } = login;
  const client = new Client({
    host: address.socketDir,
    port: address.port,
    database: "lake",
    user,
    password,
    application_name: applicationName,
  });
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

export interface SqlFailure {
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
  readonly detail: string | undefined;
}

/** The error that a promise ends with; fails if it ends well. */
export async function failureOf(promise: Promise<unknown>): Promise<SqlFailure> {
  try {
    await promise;
  } catch (error) {
    return error as SqlFailure;
  }
  throw new Error("expected a failure, and there was none");
}

/** Sends a CancelRequest for whatever the client is doing. */
export function cancel(address: EngineAddress, target: Client): void {
  const { _activeQuery } = target as unknown as { readonly _activeQuery: unknown };
  const killer = new Client({ host: address.socketDir, port: address.port });
  (killer as unknown as { cancel(target: Client, query: unknown): void }).cancel(target, _activeQuery);
}
