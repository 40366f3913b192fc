import { X509Certificate } from "node:crypto";
import { createServer, request } from "node:https";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { createAuthority } from "./certificates.ts";

test("a certificate is signed by its authority and names its subject and addresses", () => {
  const authority = createAuthority("test authority");
  const issued = new X509Certificate(
    authority.issue({ commonName: "admin", organization: "system:masters" }, ["127.0.0.1", "localhost"]).certificate,
  );
  const root = new X509Certificate(authority.certificate);
  expect(root.ca).toBe(true);
  expect(issued.ca).toBe(false);
  expect(issued.checkIssued(root)).toBe(true);
  expect(issued.verify(root.publicKey)).toBe(true);
  expect(issued.subject).toBe("O=system:masters\nCN=admin");
  expect(issued.checkIP("127.0.0.1")).toBe("127.0.0.1");
  expect(issued.checkHost("localhost")).toBe("localhost");
});

async function statusFrom(name: string): Promise<unknown> {
  const authority = createAuthority(name);
  const { certificate, key } = authority.issue({ commonName: "server" }, ["127.0.0.1"]);
  const server = createServer({ cert: certificate, key }, (_request, response) => response.end());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const status = await new Promise((resolve) => {
    request(url, { ca: authority.certificate, agent: false }, (response) => resolve(response.resume().statusCode))
      .once("error", (error) => resolve(error.message))
      .end();
  });
  server.close();
  return status;
}

// The PEM text has lines of 64 characters; each length of the name moves where the last one ends.
test("a client trusts a server of that authority, whatever the authority's name", async () => {
  for (let length = 1; length <= 48; length++) {
    const name = "x".repeat(length);
    expect([name, await statusFrom(name)]).toEqual([name, 200]);
  }
});
