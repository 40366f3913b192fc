/** The templates of pg_trickle: one test a toggle. */
import { beforeAll, describe, expect, it } from "vitest";
import {
  BUILD_TIMEOUT_MS,
  type Container,
  containersOf,
  environmentOf,
  find,
  haveHelm,
  type Manifest,
  namesOf,
  podOf,
  type Values,
} from "./chart.ts";
import { containerIn, external, lakeOf, NAME, podIn, renderData } from "./pg-trickle-pod.ts";

const withPgTrickle = (pgTrickle: Values) => renderData({ pgTrickle });
const s3 = { bucket: "events", prefix: "/demo/", endpoint: "minio:9000", credentialsSecret: "keys" };

beforeAll(haveHelm, BUILD_TIMEOUT_MS);

describe("pg_trickle", () => {
  it("starts PostgreSQL, bootstrap, engine, seed and scheduler in this order", async () => {
    const pod = podIn(await renderData());
    expect(containersOf(pod).map(({ name, restartPolicy }) => [name, restartPolicy ?? "once"])).toEqual([
      ["postgres", "Always"],
      ["bootstrap", "once"],
      ["lake", "Always"],
      ["seed", "once"],
      ["scheduler", "once"],
    ]);
  });

  it("lets nothing but PostgreSQL keep anybody away from PostgreSQL", async () => {
    const manifests = await renderData();
    const probes = containersOf(podIn(manifests)).filter((one) => one["readinessProbe"] ?? one["startupProbe"]);
    expect(probes.map(({ name }) => name)).toEqual(["postgres"]);
    expect(find(manifests, "Service", `${NAME}-postgres`).spec).toMatchObject({ publishNotReadyAddresses: true });
  });

  it("has no password outside of Secrets", async () => {
    const manifests = await renderData();
    const passwords = Object.values((find(manifests, "Secret", `${NAME}-pg-trickle`)["data"] ?? {}) as object);
    expect(passwords).toHaveLength(7);
    const text = JSON.stringify(manifests.filter(({ kind }) => kind !== "Secret"));
    for (const password of passwords) {
      expect(text).not.toContain(password);
      expect(text).not.toContain(Buffer.from(password, "base64").toString());
    }
  });

  it("existingSecret makes no Secret and is the one that is read", async () => {
    const manifests = await withPgTrickle({ existingSecret: "mine" });
    expect(namesOf(manifests).filter((name) => name.startsWith("Secret"))).toEqual([]);
    expect(lakeOf(manifests)["PGPASSWORD"]).toEqual({ secretKeyRef: { name: "mine", key: "catalog-password" } });
  });

  it("connectionSecret has what a rewind needs, under the name that is asked for", async () => {
    const secret = find(await withPgTrickle({ connectionSecret: { name: "db" } }), "Secret", "db");
    const data = secret["data"] as Record<string, string>;
    const text = Object.fromEntries(Object.entries(data).map(([k, v]) => [k, Buffer.from(v, "base64").toString()]));
    expect(text).toMatchObject({
      ...{ host: `${NAME}-postgres.rewind.svc`, port: "5432", dbname: "timetravel_demo", sslmode: "disable" },
      user: "timetravel_operator",
    });
    const without = await withPgTrickle({ connectionSecret: { create: false } });
    expect(namesOf(without)).not.toContain("Secret timetravel-db");
  });

  it.each([
    ["2Gi", "1228MiB"],
    ["512Mi", "307MiB"],
    ["1G", "571MiB"],
  ])("of a limit of %s DuckDB gets %s", async (memory, want) => {
    const manifests = await withPgTrickle({ lake: { resources: { limits: { memory } } } });
    expect(lakeOf(manifests)["LAKE_MEMORY_LIMIT"]).toBe(want);
  });

  it("lake.memoryLimit wins", async () => {
    expect(lakeOf(await withPgTrickle({ lake: { memoryLimit: "3GB" } }))["LAKE_MEMORY_LIMIT"]).toBe("3GB");
  });

  it("lake.s3 takes the place of the volume", async () => {
    const manifests = await withPgTrickle({ lake: { s3 } });
    expect(lakeOf(manifests)["LAKE_DATA_PATH"]).toBe("s3://events/demo/");
    const claims = find(manifests, "StatefulSet").spec?.["volumeClaimTemplates"] as Manifest[];
    expect(claims.map(({ metadata }) => metadata.name)).toEqual(["postgres"]);
    const secret = { secretKeyRef: { name: "keys", key: "secret-access-key" } };
    expect(environmentOf(containerIn(podIn(manifests), "bootstrap"))).toMatchObject({
      ...{ S3_SECRET: secret, S3_ENDPOINT: "minio:9000", S3_REGION: "us-east-1" },
      ...{ S3_KEY_ID: { secretKeyRef: { name: "keys", key: "access-key-id" } }, S3_USE_SSL: "true" },
      S3_SESSION_TOKEN: { secretKeyRef: { name: "keys", key: "session-token", optional: true } },
    });
    // Only the bootstrap sees the keys; it hands them on in a file.
    expect(Object.keys(lakeOf(manifests)).filter((name) => name.startsWith("S3_"))).toEqual([]);
  });

  it("lake.s3 without a Secret is refused by name", async () => {
    await expect(withPgTrickle({ lake: { s3: { bucket: "events" } } })).rejects.toThrow(
      /s3\.credentialsSecret is needed/,
    );
  });

  it("lake.s3.credentials: ServiceAccount needs no Secret", async () => {
    const manifests = await withPgTrickle({
      serviceAccountName: "lake-writer",
      lake: { s3: { bucket: "events", credentials: "ServiceAccount" } },
    });
    const pod = podIn(manifests);
    expect(pod["serviceAccountName"]).toBe("lake-writer");
    const environment = environmentOf(containerIn(pod, "bootstrap"));
    expect(environment).toMatchObject({ S3_CREDENTIALS: "ServiceAccount", S3_REGION: "us-east-1" });
    expect(Object.keys(environment)).not.toContain("S3_KEY_ID");
  });

  it("lake.s3.caSecret reaches the engine", async () => {
    const manifests = await withPgTrickle({ lake: { s3: { ...s3, caSecret: { name: "minio-ca" } } } });
    const pod = podIn(manifests);
    expect(environmentOf(containerIn(pod, "bootstrap"))["S3_CA_FILE"]).toBe("/etc/pgtrickle/s3-ca/ca.crt");
    const mount = { name: "s3-ca", mountPath: "/etc/pgtrickle/s3-ca", readOnly: true };
    expect(containerIn(pod, "lake")["volumeMounts"]).toContainEqual(mount);
    const secret = { secretName: "minio-ca", items: [{ key: "ca.crt", path: "ca.crt" }] };
    expect(pod["volumes"]).toContainEqual({ name: "s3-ca", secret });
  });

  it("postgres.settings and postgres.tls reach the server", async () => {
    const postgres = { settings: { work_mem: "64MB" }, tls: { existingSecret: "certificate" } };
    const pod = podIn(await withPgTrickle({ postgres, connectionSecret: { create: false } }));
    const { args } = containerIn(pod, "postgres");
    for (const setting of ["work_mem=64MB", "ssl=on", "listen_addresses=*"]) expect(args).toContain(setting);
  });

  it("postgres.tls makes operator and generator verify the server's name", async () => {
    const manifests = await withPgTrickle({
      connectionSecret: { caCertificate: "PEM" },
      postgres: { tls: { existingSecret: "certificate" } },
    });
    const data = find(manifests, "Secret", "timetravel-db")["data"] as Record<string, string>;
    expect(Buffer.from(data["sslmode"] ?? "", "base64").toString()).toBe("verify-full");
    expect(Buffer.from(data["ca.crt"] ?? "", "base64").toString()).toBe("PEM");
    const generator = podOf(find(manifests, "Deployment", `${NAME}-generator`))?.spec.containers[0];
    expect(String(environmentOf(generator as Container)["DATABASE_URL"])).toMatch(/sslmode=verify-full&sslrootcert=/);
  });

  it("seed.enabled: false creates no table", async () => {
    const manifests = await renderData({ pgTrickle: { seed: { enabled: false } }, generator: { enabled: false } });
    expect(namesOf(manifests)).not.toContain(`ConfigMap ${NAME}-pg-trickle-seed`);
    expect(JSON.stringify(manifests)).not.toContain("create table");
    expect(environmentOf(containerIn(podIn(manifests), "seed"))["SEED_DIR"]).toBeUndefined();
  });

  it("seed.files and seed.lake take the place of the demo's", async () => {
    const manifests = await withPgTrickle({ seed: { lake: "create table a ();", files: { "10-a.sql": "select 1" } } });
    expect(find(manifests, "ConfigMap", `${NAME}-pg-trickle-lake`)["data"]).toEqual({
      "lake.sql": "create table a ();\n",
    });
    expect(find(manifests, "ConfigMap", `${NAME}-pg-trickle-seed`)["data"]).toEqual({ "10-a.sql": "select 1\n" });
  });

  it.each([
    ["", {}],
    ["-", { storageClassName: "" }],
    ["1", { storageClassName: "1" }],
  ])("storageClass %j is %j of each volume", async (storageClass, want) => {
    const volumes = { postgres: { persistence: { storageClass } }, lake: { persistence: { storageClass } } };
    const claims = find(await withPgTrickle(volumes), "StatefulSet").spec?.["volumeClaimTemplates"] as Manifest[];
    const own = await renderData({ pgTrickle: volumes, externalPostgres: external });
    for (const { spec } of [...claims, find(own, "PersistentVolumeClaim")]) {
      const rest = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "10Gi" } } };
      expect(spec).toEqual({ ...rest, ...want });
    }
  });

  it("podSecurityContext: null leaves the users to the cluster", async () => {
    const nobody = { runAsUser: null, runAsGroup: null };
    const pgTrickle = { podSecurityContext: { ...nobody, fsGroup: null, fsGroupChangePolicy: null } };
    const manifests = await renderData({ pgTrickle, generator: { podSecurityContext: nobody } });
    for (const { spec } of manifests.flatMap((manifest) => podOf(manifest) ?? [])) {
      expect(spec.securityContext).toEqual({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
    }
  });

  it("networkPolicy.enabled: false makes none", async () => {
    expect(namesOf(await renderData())).toContain(`NetworkPolicy ${NAME}-pg-trickle`);
    const without = await withPgTrickle({ networkPolicy: { enabled: false } });
    expect(namesOf(without).filter((name) => name.startsWith("NetworkPolicy"))).toEqual([]);
  });
});

it("every container runs under the restricted Pod Security Standard, on a read-only root", async () => {
  for (const values of [{}, { externalPostgres: external }]) {
    const pods = (await renderData(values)).flatMap((manifest) => podOf(manifest) ?? []);
    for (const { spec } of pods) {
      expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
      for (const { securityContext } of containersOf(spec)) {
        expect(securityContext).toEqual({
          ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
        });
      }
    }
  }
});
