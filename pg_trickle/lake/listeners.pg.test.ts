/** The TCP listeners: plain on loopback, encrypted everywhere else. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAuthority } from "../../stack/certificates.ts";
import { freePort } from "../../stack/ports.ts";
import { temporaryFolder } from "../../stack/processes.ts";
import { useTrickle } from "../../test/support/trickle.ts";
import { failureOf } from "./testing/engine-client.ts";

const trickle = useTrickle();
const authority = createAuthority("lake test");
const folder = temporaryFolder();
let port = 0;

beforeAll(async () => {
  port = await freePort();
  const identity = authority.issue({ commonName: "localhost" }, ["localhost", "127.0.0.1"]);
  const [cert, key] = [join(folder.path, "tls.crt"), join(folder.path, "tls.key")];
  await Promise.all([writeFile(cert, identity.certificate), writeFile(key, identity.key)]);
  await trickle().restartLake({ LAKE_LISTEN: `0.0.0.0:${port}`, LAKE_TLS_CERT: cert, LAKE_TLS_KEY: key });
});

afterAll(() => folder.remove());

async function connect(ssl: false | { readonly ca: string }): Promise<Client> {
  const client = new Client({ host: "127.0.0.1", port, user: "lake", password: "lake", database: "lake", ssl });
  await client.connect();
  return client;
}

describe("a listener beyond loopback", () => {
  test("serves clients that check its certificate", async () => {
    const client = await connect({ ca: authority.certificate });
    const { rows } = await client.query("select count(*) as n from main.events");
    await client.end();
    expect(rows).toEqual([{ n: "0" }]);
  });

  test("refuses clients that do not encrypt, before any password", async () => {
    const failed = await failureOf(connect(false));
    expect(failed.code).toBe("28000");
  });

  test("serves postgres_fdw", async () => {
    const pool = trickle().pool();
    await pool.query(
      `create server encrypted foreign data wrapper ducklake_fdw
        options (host 'localhost', port '${port}', dbname 'lake', sslmode 'require')`,
    );
    // libpq looks for a client certificate in a home that may not be its own; one that is not there stops it.
    await pool.query(
      `create user mapping for current_user server encrypted
        options (user 'lake', password 'lake', sslcert '/nonexistent/client.crt', sslkey '/nonexistent/client.key')`,
    );
    await pool.query(
      "create foreign table encrypted_events (event_type text) server encrypted options (schema_name 'main', table_name 'events')",
    );
    await pool.query("insert into encrypted_events values ('over TLS')");
    const { rows } = await pool.query("select event_type from lake.events");
    expect(rows).toEqual([{ event_type: "over TLS" }]);
  });
});
