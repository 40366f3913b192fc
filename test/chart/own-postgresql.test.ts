/** The chart with a PostgreSQL that it does not start. */
import { beforeAll, describe, expect, it } from "vitest";
import { BUILD_TIMEOUT_MS, containersOf, environmentOf, find, haveHelm, namesOf, type Values } from "./chart.ts";
import { containerIn, external, lakeOf, NAME, podIn, renderData } from "./pg-trickle-pod.ts";

beforeAll(haveHelm, BUILD_TIMEOUT_MS);

describe("a PostgreSQL of one's own", () => {
  const admin = { secretName: "admin" };
  const kinds = async (values: Values) => namesOf(await renderData(values)).map((name) => name.split(" ")[0]);

  it("gets an engine that listens with TLS, and no other PostgreSQL", async () => {
    const manifests = await renderData({ externalPostgres: { ...external, admin } });
    const pod = podIn(manifests, "Deployment");
    expect(containersOf(pod).map(({ name }) => name)).toEqual(["bootstrap", "lake", "seed", "scheduler"]);
    expect(lakeOf(manifests, "Deployment")).toMatchObject({
      ...{ LAKE_LISTEN: "0.0.0.0:5434", LAKE_TLS_CERT: "/etc/pgtrickle/lake-tls/tls.crt" },
      LAKE_CATALOG: expect.stringContaining("sslmode=verify-full"),
    });
    expect(environmentOf(containerIn(pod, "bootstrap"))).toMatchObject({
      ...{ LAKE_SSLMODE: "verify-full", LAKE_SSLROOTCERT: "/ca.crt", LAKE_HOST: `${NAME}-lake.rewind.svc` },
    });
    expect(await kinds({ externalPostgres: { ...external, admin } })).not.toContain("StatefulSet");
  });

  it("keeps the lake's volume and the certificate that PostgreSQL trusts", async () => {
    const manifests = await renderData({ externalPostgres: external });
    for (const [kind, name] of [
      ["PersistentVolumeClaim", "lake"],
      ["Secret", "lake-tls"],
    ] as const) {
      const { annotations } = find(manifests, kind, `${NAME}-${name}`).metadata;
      expect(annotations).toMatchObject({ "helm.sh/resource-policy": "keep" });
    }
  });

  it("without a superuser's Secret changes nothing in the database", async () => {
    const pod = podIn(await renderData({ externalPostgres: external }), "Deployment");
    expect(containersOf(pod).map(({ name }) => name)).toEqual(["bootstrap", "lake", "scheduler"]);
    expect(containerIn(pod, "bootstrap")["args"]).toEqual(["pg_trickle/bootstrap/main.ts", "files"]);
  });

  it.each([
    ["host", { enabled: true }, /externalPostgres\.host is needed/],
    ["sslRootCert", { enabled: true, host: "h" }, /externalPostgres\.lake\.sslRootCert is needed/],
  ])("asks for %s", async (_, externalPostgres, want) => {
    await expect(renderData({ externalPostgres })).rejects.toThrow(want);
  });
});
