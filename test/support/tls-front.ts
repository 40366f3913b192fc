/** TLS in front of a server on loopback that speaks none. */
import { connect } from "node:net";
import { createServer, type TLSSocket } from "node:tls";
import { createAuthority } from "../../stack/certificates.ts";

export interface TlsFront {
  /** localhost:port, the name in its certificate. */
  readonly address: string;
  /** The certificate of the authority that signed its own. */
  readonly authority: string;
  stop(): Promise<void>;
}

export async function startTlsFront(port: number): Promise<TlsFront> {
  const authority = createAuthority("tests only");
  const { certificate, key } = authority.issue({ commonName: "localhost" }, ["localhost"]);
  const open = new Set<TLSSocket>();
  const server = createServer({ cert: certificate, key }, (client) => {
    open.add(client);
    const behind = connect(port, "127.0.0.1");
    client.pipe(behind).pipe(client);
    client.on("error", () => behind.destroy()).on("close", () => open.delete(client));
    behind.on("error", () => client.destroy());
  });
  // Clients that do not trust the certificate say so and go.
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  const address = server.address();
  return {
    address: `localhost:${typeof address === "object" && address ? address.port : 0}`,
    authority: authority.certificate,
    async stop() {
      for (const client of open) client.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
