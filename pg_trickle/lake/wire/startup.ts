// The packets that come before the protocol proper.
import { LakeError, SQL_STATE } from "../errors.ts";
import { BodyReader, protocolViolation } from "./frames.ts";

export type StartupPacket =
  | { readonly kind: "ssl" }
  | { readonly kind: "gss" }
  | { readonly kind: "cancel"; readonly processId: number; readonly secret: number }
  | { readonly kind: "start"; readonly minor: number; readonly parameters: ReadonlyMap<string, string> };

const SSL_REQUEST = 80_877_103;
const GSS_REQUEST = 80_877_104;
const CANCEL_REQUEST = 80_877_102;

export function readStartup(packet: Buffer): StartupPacket {
  const body = new BodyReader(packet);
  const code = body.int32();
  if (code === SSL_REQUEST) return { kind: "ssl" };
  if (code === GSS_REQUEST) return { kind: "gss" };
  if (code === CANCEL_REQUEST) return { kind: "cancel", processId: body.int32(), secret: body.int32() };
  if (code >> 16 !== 3) {
    throw protocolViolation(`unsupported frontend protocol ${code >> 16}.${code & 0xffff}: server supports 3.0`);
  }
  return { kind: "start", minor: code & 0xffff, parameters: readParameters(body) };
}

function readParameters(body: BodyReader): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (let name = body.cstring(); name !== ""; name = body.cstring()) parameters.set(name, body.cstring());
  if (!parameters.has("user")) {
    throw new LakeError(SQL_STATE.invalidAuthorization, "no PostgreSQL user name specified in startup packet");
  }
  return parameters;
}
