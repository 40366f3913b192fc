/** Answers for callers of the API server, one after the other, and what was asked. */
import type { RawRequest, RawResponse, RawStream, Transport } from "../../operator/kube/transport.ts";

export type FakeAnswer = { status: number; body?: unknown; headers?: Record<string, string> } | Error;

export class FakeTransport implements Transport {
  readonly requests: RawRequest[] = [];
  readonly answers: FakeAnswer[];

  constructor(...answers: FakeAnswer[]) {
    this.answers = answers;
  }

  async call(request: RawRequest): Promise<RawResponse> {
    this.requests.push(request);
    const answer = this.answers.shift();
    if (!answer) throw new Error(`no answer was prepared for ${request.verb} ${request.path}`);
    if (answer instanceof Error) throw answer;
    const body = typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body ?? {});
    return { status: answer.status, headers: answer.headers ?? {}, body };
  }

  stream(): Promise<RawStream> {
    return Promise.reject(new Error("no streams here"));
  }
}
