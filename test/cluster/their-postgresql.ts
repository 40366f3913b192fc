/** A PostgreSQL that the chart did not start: with TLS, a superuser of another name, and the extension's files in its image. */
import { createAuthority } from "../../stack/certificates.ts";
import type { Namespace } from "./cluster.ts";

export const THEIRS = { name: "their-postgres", user: "dba", database: "analytics", engineCa: "/etc/lake-ca/ca.crt" };

interface TheirOptions {
  readonly image: string;
  /** The Secret with the engine's ca.crt, which may come later. */
  readonly engineTls: string;
}

function secrets(namespace: Namespace): object[] {
  const authority = createAuthority("their authority");
  const host = `${THEIRS.name}.${namespace.name}.svc`;
  const { certificate, key } = authority.issue({ commonName: host }, [host]);
  return [
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "their-tls" },
      stringData: { "tls.crt": certificate, "tls.key": key, "ca.crt": authority.certificate },
    },
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "their-admin" },
      stringData: { username: THEIRS.user, password: "p'ss w$rd" },
    },
  ];
}

function pod({ image, engineTls }: TheirOptions): object {
  const environment = (name: string, key: string) => ({
    name,
    valueFrom: { secretKeyRef: { name: "their-admin", key } },
  });
  const settings = ["ssl=on", "ssl_cert_file=/etc/their-tls/tls.crt", "ssl_key_file=/etc/their-tls/tls.key"];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: THEIRS.name, labels: { app: THEIRS.name } },
    spec: {
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 999,
        runAsGroup: 999,
        fsGroup: 999,
        seccompProfile: { type: "RuntimeDefault" },
      },
      containers: [
        {
          name: "postgres",
          image,
          imagePullPolicy: "IfNotPresent",
          args: ["postgres", ...settings.flatMap((setting) => ["-c", setting])],
          env: [environment("POSTGRES_USER", "username"), environment("POSTGRES_PASSWORD", "password")],
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
          readinessProbe: {
            exec: { command: ["pg_isready", "-q", "-h", "127.0.0.1", "-U", THEIRS.user] },
            periodSeconds: 1,
            // A busy node starts a process slowly; one that is not ready is one that nobody reaches.
            timeoutSeconds: 10,
            failureThreshold: 10,
          },
          volumeMounts: [
            { name: "data", mountPath: "/var/lib/postgresql" },
            { name: "tls", mountPath: "/etc/their-tls" },
            { name: "lake-ca", mountPath: "/etc/lake-ca" },
          ],
        },
      ],
      volumes: [
        { name: "data", emptyDir: {} },
        { name: "tls", secret: { secretName: "their-tls", defaultMode: 0o440 } },
        { name: "lake-ca", secret: { secretName: engineTls, items: [{ key: "ca.crt", path: "ca.crt" }] } },
      ],
    },
  };
}

export async function applyTheirPostgresql(namespace: Namespace, options: TheirOptions): Promise<void> {
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: THEIRS.name },
    spec: { selector: { app: THEIRS.name }, ports: [{ port: 5432 }] },
  };
  for (const object of [...secrets(namespace), service, pod(options)]) await namespace.apply(object);
}
