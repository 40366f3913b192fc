import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { loadAccess } from "./access.ts";
import { connectionOf } from "./connection.ts";
import { loadKubeConfig } from "./kubeconfig.ts";
import { podAccess } from "./pod-access.ts";

const folder = mkdtempSync(join(tmpdir(), "connection-"));
afterAll(() => rmSync(folder, { recursive: true }));

function kubeconfig(name: string, user: object = {}, cluster: object = {}): string {
  const path = join(folder, name);
  const content = {
    clusters: [{ name, cluster: { server: `https://${name}:6443/base`, ...cluster } }],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    "current-context": name,
  };
  writeFileSync(path, JSON.stringify(content));
  return path;
}

describe("access", () => {
  test("comes from KUBECONFIG, of several files with the first one's context", async () => {
    const paths = ["", kubeconfig("a"), kubeconfig("b")].join(delimiter);
    const pod = { KUBERNETES_SERVICE_HOST: "10.96.0.1" };
    expect((await loadAccess({ ...pod, KUBECONFIG: paths })).server).toBe("https://a:6443/base");
  });

  test("without a cluster to call is refused", async () => {
    const path = join(folder, "empty");
    writeFileSync(path, "{}");
    await expect(loadAccess({ KUBECONFIG: path })).rejects.toThrow("the kubeconfig has no current cluster");
  });

  test("in a pod comes from its service account, read again when it has rotated", async () => {
    const environment = { KUBERNETES_SERVICE_HOST: "10.96.0.1", KUBERNETES_SERVICE_PORT: "443" };
    expect((await loadAccess(environment)).server).toBe("https://10.96.0.1:443");
    writeFileSync(join(folder, "ca.crt"), "an authority");
    writeFileSync(join(folder, "token"), "first\n");
    const access = podAccess({ KUBERNETES_SERVICE_HOST: "fd00::1" }, folder);
    expect(access.server).toBe("https://[fd00::1]:443");
    const first = await access.options();
    writeFileSync(join(folder, "token"), "second");
    const second = await access.options();
    expect([first.headers, second.headers]).toEqual([
      { Authorization: "Bearer first" },
      { Authorization: "Bearer second" },
    ]);
    expect(String(first.ca)).toBe("an authority");
  });
});

describe("an endpoint", () => {
  test("has the server's base path and the token of a file", async () => {
    const token = join(folder, "token");
    writeFileSync(token, "first");
    // what client-node makes of a pod's service account
    const user = { "auth-provider": { name: "tokenFile", config: { tokenFile: token } } };
    const connection = connectionOf(loadKubeConfig(kubeconfig("t", user)));
    const { url, headers } = await connection.endpoint("/api/v1/pods?limit=1");
    expect(url.href).toBe("https://t:6443/base/api/v1/pods?limit=1");
    expect(headers["Authorization"]).toBe("Bearer first");
  });

  test("of a user with a password has them", async () => {
    const user = { username: "u", password: "p" };
    const connection = connectionOf(loadKubeConfig(kubeconfig("p", user)));
    const { headers } = await connection.endpoint("/x");
    expect(headers["Authorization"]).toBe(`Basic ${Buffer.from("u:p").toString("base64")}`);
  });

  test("keeps its agent while the TLS material is the same, and only so long", async () => {
    const authority = join(folder, "ca.crt");
    writeFileSync(authority, "one");
    const path = kubeconfig("c", {}, { "certificate-authority": authority });
    const connection = connectionOf(loadKubeConfig(path));
    const [first, second] = [await connection.endpoint("/x"), await connection.endpoint("/y")];
    writeFileSync(authority, "two");
    const third = await connection.endpoint("/x");
    expect([second.agent === first.agent, third.agent === first.agent]).toEqual([true, false]);
    connection.close();
  });

  test("without TLS is refused, unless somebody said so", async () => {
    const path = kubeconfig("h", {}, { server: "http://h" });
    const connection = connectionOf(loadKubeConfig(path));
    await expect(connection.endpoint("/x")).rejects.toThrow("HTTP protocol is not allowed");
  });
});
