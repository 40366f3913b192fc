// The demo's conscience: every claim is recorded with what it rests on, and the demo's exit code is the sum of them.

export interface Claim {
  readonly text: string;
  /** What differed, in lines to print; empty = the claim holds. */
  readonly problems: readonly string[];
}

export interface Ledger {
  /** Records the claim and returns it, so that the caller can print it. */
  check(text: string, problems: readonly string[]): Claim;
  readonly claims: readonly Claim[];
  readonly failed: readonly Claim[];
}

export function createLedger(): Ledger {
  const claims: Claim[] = [];
  return {
    check(text, problems) {
      const claim = { text, problems };
      claims.push(claim);
      return claim;
    },
    claims,
    get failed() {
      return claims.filter((claim) => claim.problems.length > 0);
    },
  };
}

/** A claim that two values are the same, as the problems of it. */
export function sameValue(actual: unknown, expected: unknown): string[] {
  const [left, right] = [JSON.stringify(actual) ?? "nothing", JSON.stringify(expected) ?? "nothing"];
  return left === right ? [] : [`is ${left}, should be ${right}`];
}
