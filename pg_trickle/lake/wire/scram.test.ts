import { describe, expect, test } from "vitest";
import { deriveVerifier, ScramExchange } from "./scram.ts";

// RFC 7677, section 3.
const SALT = Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64");
const SERVER_NONCE = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
const CLIENT_FIRST = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
const CLIENT_FINAL =
  "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";

function exchange(password: string): ScramExchange {
  return new ScramExchange(deriveVerifier(password, SALT), SERVER_NONCE);
}

describe("SCRAM-SHA-256", () => {
  test("agrees with the example of RFC 7677", () => {
    const scram = exchange("pencil");
    expect(scram.first(CLIENT_FIRST)).toBe(
      "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
    );
    expect(scram.final(CLIENT_FINAL, "user")).toBe("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
  });

  test.each([
    { name: "another password", password: "pen", final: CLIENT_FINAL },
    { name: "a nonce of another exchange", password: "pencil", final: CLIENT_FINAL.replace("r=rOp", "r=xOp") },
    { name: "another channel binding", password: "pencil", final: CLIENT_FINAL.replace("c=biws", "c=eSws") },
    { name: "a short proof", password: "pencil", final: CLIENT_FINAL.replace(/p=.*/, "p=AAAA") },
  ])("refuses $name with 28P01", ({ password, final }) => {
    const scram = exchange(password);
    scram.first(CLIENT_FIRST);
    expect(() => scram.final(final, "user")).toThrow(expect.objectContaining({ sqlState: "28P01" }));
  });

  test.each(["p=tls-unique,,n=u,r=x", "n,,n=u", ""])("refuses the first message %j", (first) => {
    expect(() => exchange("pencil").first(first)).toThrow(expect.objectContaining({ sqlState: "08P01" }));
  });
});
