/**
 * What the operator asks of a stream-table engine in a database. A driver for another pg_trickle implements this; nothing
 * outside of database/ knows SQL.
 *
 * Every effect commits together with its row in the operation log, and is refused (FencedError) unless the token is the current one.
 */
import type { Assertion } from "../api/spec.ts";
import type { LoggedStep, ObservedWorld } from "../core/observed.ts";
import type { Planned } from "./planned.ts";
import type { ConnectionSettings } from "./secret.ts";

export interface OperationIdentity {
  readonly cluster: string;
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
}

export interface ObserveQuery {
  readonly tables: readonly string[];
  readonly snapshotId?: number | undefined;
  readonly timestamp?: string | undefined;
  /** What the object asks for: the same key is the same operation, asked for again. */
  readonly operationKey: string;
}

export interface Move {
  readonly assertions: readonly Assertion[];
  readonly timeoutMs: number;
}

/** Which rows a rewind takes where lake and journal differ, and by which way. */
export interface RewindChoice {
  readonly strategy: string;
  /** By the lake's rows also where others were published and recorded. */
  readonly acceptContradiction?: boolean | undefined;
}

export interface RewindMove extends Move, RewindChoice {}

/** Calls throw TerminalError, TransientError or FencedError, nothing else. */
export interface RewindSession {
  /** Changes nothing, needs no lake engine. */
  observe(query: ObserveQuery): Promise<ObservedWorld>;
  /** undefined: somebody else has one of the claims. */
  claim(operationKey: string, tables: readonly string[]): Promise<string | undefined>;
  /** Frees the claims of a rewind of this cluster whose object is gone. */
  freeOrphan(uid: string): Promise<void>;
  pause(token: string): Promise<void>;
  /** Says that somebody still looks after the operation while it waits. */
  keepAlive(token: string): Promise<void>;
  /** Refused where the strategy does not lead there. */
  plan(tables: readonly string[], snapshotId: number, choice: RewindChoice): Promise<Planned>;
  rewind(token: string, snapshotId: number, move: RewindMove): Promise<void>;
  /** Opens that session meanwhile; nothing depends on it. */
  prepareRepair(query: ObserveQuery): void;
  /** In a session of its own, marked, so that the lake commits it at most once. */
  repair(token: string, sql: readonly string[], timeoutMs: number): Promise<void>;
  confirmRepair(token: string): Promise<void>;
  replay(token: string, move: Move & { readonly mode: string }): Promise<void>;
  /** @param leavePaused the tables stay paused, by a person's hold. */
  release(token: string, outcome: "Succeeded" | "Failed" | "Aborted", leavePaused?: boolean): Promise<void>;
  /** Ends the operation and leaves the tables held. */
  abandon(token: string, reason: string): Promise<void>;
  failStep(token: string, step: LoggedStep, code: string, message: string): Promise<void>;
  /** Breaks off what is running; the next claim ends it in the database. */
  interrupt(): void;
  close(): Promise<void>;
}

export interface RewindDriver {
  open(settings: ConnectionSettings, identity: OperationIdentity, signal?: AbortSignal): Promise<RewindSession>;
}
