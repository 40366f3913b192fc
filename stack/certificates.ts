/**
 * X.509 certificates for the control plane, written here in DER: Node makes keys and signatures but no certificates, and
 * openssl is not on every machine. Only what Kubernetes needs: ECDSA keys, a CA, server and client certificates.
 */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

const VALID_DAYS = 365;

export interface Identity {
  readonly certificate: string;
  readonly key: string;
}

export interface Authority extends Identity {
  /** A certificate for a server on loopback or for a client: common name = user, organization = group. */
  issue(subject: Subject, names?: readonly string[]): Identity;
}

export interface Subject {
  readonly commonName: string;
  readonly organization?: string;
}

// The tags of ASN.1 that a certificate uses.
const SEQUENCE = 0x30;
const SET = 0x31;
const OID = {
  commonName: "550403",
  organization: "55040a",
  ecdsaWithSha256: "2a8648ce3d040302",
  subjectKeyId: "551d0e",
  keyUsage: "551d0f",
  subjectAltName: "551d11",
  basicConstraints: "551d13",
  authorityKeyId: "551d23",
  extendedKeyUsage: "551d25",
  serverAuth: "2b06010505070301",
  clientAuth: "2b06010505070302",
} as const;

function der(tag: number, ...parts: Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const length = Buffer.from(body.length.toString(16).padStart(body.length > 0xff ? 4 : 2, "0"), "hex");
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, body]);
}

const sequence = (...parts: Uint8Array[]) => der(SEQUENCE, ...parts);
const oid = (hex: string) => der(0x06, Buffer.from(hex, "hex"));
const octets = (value: Uint8Array) => der(0x04, value);
const bits = (value: Uint8Array) => der(0x03, Buffer.from([0]), value);
const utf8 = (value: string) => der(0x0c, Buffer.from(value));
const boolean = (value: boolean) => der(0x01, Buffer.from([value ? 0xff : 0]));

function distinguishedName({ commonName, organization }: Subject): Buffer {
  const attribute = (type: string, value: string) => der(SET, sequence(oid(type), utf8(value)));
  return sequence(
    ...(organization ? [attribute(OID.organization, organization)] : []),
    attribute(OID.commonName, commonName),
  );
}

function utcTime(at: Date): Buffer {
  // YYMMDDHHMMSSZ
  return der(
    0x17,
    Buffer.from(
      `${at
        .toISOString()
        .replace(/[-:T]|\.\d+/g, "")
        .slice(2, 14)}Z`,
    ),
  );
}

function validity(): Buffer {
  const now = Date.now();
  // A clock that is a little behind the one that made the certificate must not refuse it.
  return sequence(utcTime(new Date(now - 3_600_000)), utcTime(new Date(now + VALID_DAYS * 86_400_000)));
}

function extension(type: string, value: Uint8Array, critical = false): Buffer {
  return sequence(oid(type), ...(critical ? [boolean(true)] : []), octets(value));
}

function alternativeName(name: string): Buffer {
  const address = name.match(/^(\d+)\.(\d+)\.(\d+)\.(\d+)$/);
  return address ? der(0x87, Buffer.from(address.slice(1).map(Number))) : der(0x82, Buffer.from(name));
}

interface Certificate {
  readonly subject: Subject;
  readonly issuer: Subject;
  readonly publicKey: KeyObject;
  readonly signingKey: KeyObject;
  readonly extensions: readonly Buffer[];
}

function pem(label: string, content: Buffer): string {
  // No empty line where the length is a multiple of 64: OpenSSL takes such a file for an empty one, without an error.
  const lines = content.toString("base64").match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

function certificate({ subject, issuer, publicKey, signingKey, extensions }: Certificate): string {
  const algorithm = sequence(oid(OID.ecdsaWithSha256));
  const serial = Buffer.concat([Buffer.from([0x01]), randomBytes(15)]);
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    algorithm,
    distinguishedName(issuer),
    validity(),
    distinguishedName(subject),
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(...extensions)),
  );
  return pem("CERTIFICATE", sequence(body, algorithm, bits(sign("sha256", body, signingKey))));
}

function newKey(): { publicKey: KeyObject; privateKey: KeyObject; key: string } {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { publicKey, privateKey, key: privateKey.export({ type: "pkcs8", format: "pem" }).toString() };
}

/** A new certificate authority, whose private key is kept in memory only as long as it is used. */
export function createAuthority(commonName: string): Authority {
  const issuer: Subject = { commonName };
  const { publicKey, privateKey, key } = newKey();
  const keyId = randomBytes(20);
  // keyCertSign and cRLSign are bits 5 and 6 of the key usage.
  const keyUsage = der(0x03, Buffer.from([0x01, 0x06]));
  const extensions = [
    extension(OID.basicConstraints, sequence(boolean(true)), true),
    extension(OID.keyUsage, keyUsage, true),
    extension(OID.subjectKeyId, octets(keyId)),
  ];
  return {
    key,
    certificate: certificate({ subject: issuer, issuer, publicKey, signingKey: privateKey, extensions }),
    issue(subject, names = []) {
      const own = newKey();
      // digitalSignature is bit 0.
      const usage = der(0x03, Buffer.from([0x07, 0x80]));
      const leaf = [
        extension(OID.basicConstraints, sequence(), true),
        extension(OID.keyUsage, usage, true),
        extension(OID.extendedKeyUsage, sequence(oid(OID.serverAuth), oid(OID.clientAuth))),
        extension(OID.authorityKeyId, sequence(der(0x80, keyId))),
        ...(names.length > 0 ? [extension(OID.subjectAltName, sequence(...names.map(alternativeName)))] : []),
      ];
      const issued = { subject, issuer, publicKey: own.publicKey, signingKey: privateKey, extensions: leaf };
      return { key: own.key, certificate: certificate(issued) };
    },
  };
}
