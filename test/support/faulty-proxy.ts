/** An API server that fails as told: each fault hits so many matching requests, everything else passes. */
import { type ApiProxy, type ProxiedRequest, startApiProxy, type Verdict } from "./api-proxy.ts";

export type Match = (request: ProxiedRequest) => boolean;

export const onList: Match = (request) => request.isList;
export const onWatch: Match = (request) => request.isWatch;
export const onWrite: Match = (request) => request.isWrite;

export const serviceUnavailable: Verdict = { kind: "answer", status: 503, body: { reason: "ServiceUnavailable" } };
export const gone: Verdict = { kind: "answer", status: 410, body: { code: 410, reason: "Expired" } };

export function tooManyRequests(retryAfterSeconds: number): Verdict {
  const headers = { "Retry-After": String(retryAfterSeconds) };
  return { kind: "answer", status: 429, headers, body: { code: 429, reason: "TooManyRequests" } };
}

interface Fault {
  readonly match: Match;
  readonly verdict: Verdict;
  left: number;
}

export interface FaultyProxy extends ApiProxy {
  /** The next `times` matching requests meet this; faults that were added first are looked at first. */
  fault(match: Match, verdict: Verdict, times?: number): void;
  /** Faults that nobody met yet. */
  pendingFaults(): number;
  /** All requests so far, in order of their coming. */
  readonly requests: readonly ProxiedRequest[];
}

export async function startFaultyProxy(kubeconfig: string): Promise<FaultyProxy> {
  const faults: Fault[] = [];
  const requests: ProxiedRequest[] = [];
  const proxy = await startApiProxy(kubeconfig, (request) => {
    requests.push(request);
    const fault = faults.find(({ left, match }) => left > 0 && match(request));
    if (!fault) return { kind: "pass" };
    fault.left -= 1;
    return fault.verdict;
  });
  const own = {
    requests,
    fault: (match: Match, verdict: Verdict, times = 1) => void faults.push({ match, verdict, left: times }),
    pendingFaults: () => faults.reduce((sum, { left }) => sum + left, 0),
  };
  // not spread: openWatches is a getter
  return Object.assign(Object.create(proxy) as ApiProxy, own);
}
