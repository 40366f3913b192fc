/** Something that must not be, found at a step. */

export type FindingKind =
  /** A stream table that was refreshed is not its query; the lake is right. */
  | "forward"
  /** Rows after a rewind are not those of that snapshot. */
  | "rewind"
  /** After the replay that follows a rewind. */
  | "replay"
  /** verify() says no of a right table, or yes of a wrong one. */
  | "verify"
  | "refresh-refused"
  | "rewind-refused"
  /** A client was told another number of rows than any view of the lake gives. */
  | "told-count"
  /** A commit that failed, as its client was told, is in the lake. */
  | "told-outcome"
  /** The lake itself has other rows than were committed. */
  | "lake-damage"
  | "hang"
  /** The guard refused what nothing calls for. */
  | "refusal-not-needed"
  /** Of a provocation: it was let through, refused in other words than it should be or in words without a way out, or too late; … */
  | "not-refused"
  | "refused-otherwise"
  | "refused-without-a-way-out"
  | "slow-refusal"
  /** … or its work was refused with nobody beside it. */
  | "refused-alone";

export class Finding extends Error {
  override readonly name = "Finding";
  readonly kind: FindingKind;
  /** Such as the strategy: findings of one kind and detail are one kind of fault. */
  readonly detail: string;
  /** Shown by status or verification: what is damaged outside of us is not our fault if we say so. */
  readonly isTold: boolean;

  constructor(kind: FindingKind, detail: string, text: string, isTold = false) {
    super(`${kind} (${detail}): ${text}`);
    this.kind = kind;
    this.detail = detail;
    this.isTold = isTold;
  }
}

/** What was told does not determine what must be there: the history ends, nothing is wrong. */
export class UndeterminedError extends Error {
  override readonly name = "UndeterminedError";
}
