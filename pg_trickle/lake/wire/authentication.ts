// SCRAM over the wire: the messages around an exchange.
import { BodyReader, type Frame, protocolViolation } from "./frames.ts";
import * as reply from "./replies.ts";
import { deriveVerifier, MECHANISM, ScramExchange, type Verifier } from "./scram.ts";

export interface AuthenticationIo {
  readonly next: () => Promise<Frame>;
  readonly send: (bytes: Buffer) => Promise<void>;
}

/** Nobody knows this password; it stands in for users that do not exist. */
const NOBODY = deriveVerifier(crypto.randomUUID());

export async function authenticate(
  user: string,
  verifiers: ReadonlyMap<string, Verifier>,
  io: AuthenticationIo,
): Promise<void> {
  const exchange = new ScramExchange(verifiers.get(user) ?? NOBODY);
  await io.send(reply.authenticationSasl([MECHANISM]));
  const initial = new BodyReader(passwordMessage(await io.next()));
  const mechanism = initial.cstring();
  if (mechanism !== MECHANISM) throw protocolViolation(`SASL mechanism ${mechanism} was not offered`);
  const first = initial.bytes(initial.int32()).toString("utf8");
  await io.send(reply.authenticationSaslContinue(exchange.first(first)));
  const final = passwordMessage(await io.next()).toString("utf8");
  await io.send(reply.authenticationSaslFinal(exchange.final(final, user)));
  await io.send(reply.authenticationOk());
}

function passwordMessage(frame: Frame): Buffer {
  if (frame.type !== "p") throw protocolViolation(`expected a password message, got ${JSON.stringify(frame.type)}`);
  return frame.body;
}
