/**
 * Sessions that rest between two rewinds of one database: what a backend has learned (code, plans, its connection to the
 * engine) is worth a hundred milliseconds to the next. One a database and user, for a short while, never of a rewind that failed.
 */
import { createHash } from "node:crypto";
import { Session } from "./connection.ts";
import type { ConnectionSettings } from "./secret.ts";

/** Short: a resting session keeps a database from being dropped. */
const restMs = 15_000;
/** A backend's memory only grows. */
const maximumAgeMs = 10 * 60_000;

interface Resting {
  readonly session: Session;
  readonly timer: NodeJS.Timeout;
}

function keyOf(settings: ConnectionSettings): string {
  return createHash("sha256").update(JSON.stringify(settings)).digest("hex");
}

export class SessionPool {
  readonly #resting = new Map<string, Resting>();

  /** One that rested, or a new one. */
  async open(settings: ConnectionSettings, applicationName: string, signal?: AbortSignal): Promise<Session> {
    const session = this.#take(keyOf(settings));
    if (session !== undefined) {
      if (await session.resume(applicationName, signal)) return session;
      void session.close();
    }
    return Session.open(settings, applicationName, signal);
  }

  /** Takes the session over: it rests, or it is closed. */
  async keep(settings: ConnectionSettings, session: Session): Promise<void> {
    const key = keyOf(settings);
    if (session.ageMs() > maximumAgeMs || !(await session.rest())) return session.close();
    const other = this.#take(key);
    const timer = setTimeout(() => void this.#take(key)?.close(), restMs);
    timer.unref();
    this.#resting.set(key, { session, timer });
    await other?.close();
  }

  #take(key: string): Session | undefined {
    const resting = this.#resting.get(key);
    this.#resting.delete(key);
    clearTimeout(resting?.timer);
    return resting?.session;
  }
}
