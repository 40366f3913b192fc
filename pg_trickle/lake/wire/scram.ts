// SCRAM-SHA-256 (RFC 5802, 7677), server side, without channel binding. The password itself is forgotten once the
// verifier is derived. An unknown user gets a made-up verifier, so that it looks exactly like a wrong password.
import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from "node:crypto";
import { LakeError, SQL_STATE } from "../errors.ts";
import { protocolViolation } from "./frames.ts";

export const MECHANISM = "SCRAM-SHA-256";
const ITERATIONS = 4096;
const KEY_BYTES = 32;

export interface Verifier {
  readonly salt: Buffer;
  readonly iterations: number;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

const hmac = (key: Buffer, data: string): Buffer => createHmac("sha256", key).update(data).digest();

export function deriveVerifier(password: string, salt: Buffer = randomBytes(16)): Verifier {
  const salted = pbkdf2Sync(password.normalize("NFKC"), salt, ITERATIONS, KEY_BYTES, "sha256");
  const storedKey = createHash("sha256").update(hmac(salted, "Client Key")).digest();
  return { salt, iterations: ITERATIONS, storedKey, serverKey: hmac(salted, "Server Key") };
}

function attributes(text: string): Map<string, string> {
  return new Map(text.split(",").map((item) => [item.slice(0, 1), item.slice(2)]));
}

/** One authentication: `first` with the client's first message, `final` with its last; `final` throws 28P01. */
export class ScramExchange {
  readonly #verifier: Verifier;
  readonly #serverNonce: string;
  #header = "";
  #clientFirstBare = "";
  #serverFirst = "";

  constructor(verifier: Verifier, serverNonce: string = randomBytes(18).toString("base64")) {
    this.#verifier = verifier;
    this.#serverNonce = serverNonce;
  }

  first(clientFirst: string): string {
    const header = /^(?:n|y),[^,]*,/.exec(clientFirst)?.[0];
    if (header === undefined) throw protocolViolation("malformed SCRAM message: channel binding is not offered");
    this.#header = header;
    this.#clientFirstBare = clientFirst.slice(header.length);
    const nonce = attributes(this.#clientFirstBare).get("r");
    if (nonce === undefined || nonce === "") throw protocolViolation("malformed SCRAM message: no nonce");
    const salt = this.#verifier.salt.toString("base64");
    this.#serverFirst = `r=${nonce}${this.#serverNonce},s=${salt},i=${this.#verifier.iterations}`;
    return this.#serverFirst;
  }

  final(clientFinal: string, user: string): string {
    const proofAt = clientFinal.lastIndexOf(",p=");
    const fields = attributes(clientFinal);
    if (proofAt === -1) throw protocolViolation("malformed SCRAM message: no proof");
    const withoutProof = clientFinal.slice(0, proofAt);
    const authMessage = `${this.#clientFirstBare},${this.#serverFirst},${withoutProof}`;
    const honest =
      fields.get("c") === Buffer.from(this.#header).toString("base64") &&
      fields.get("r") === attributes(this.#serverFirst).get("r");
    if (!honest || !this.#isProof(clientFinal.slice(proofAt + 3), authMessage)) {
      throw new LakeError(SQL_STATE.invalidPassword, `password authentication failed for user "${user}"`);
    }
    return `v=${hmac(this.#verifier.serverKey, authMessage).toString("base64")}`;
  }

  #isProof(proofText: string, authMessage: string): boolean {
    const proof = Buffer.from(proofText, "base64");
    if (proof.length !== KEY_BYTES) return false;
    const signature = hmac(this.#verifier.storedKey, authMessage);
    const clientKey = Buffer.from(proof.map((byte, index) => byte ^ (signature[index] ?? 0)));
    return timingSafeEqual(createHash("sha256").update(clientKey).digest(), this.#verifier.storedKey);
  }
}
