/**
 * A Kubernetes control plane for one machine: etcd and kube-apiserver on loopback ports, reached with a kubeconfig of its own.
 * There are no controllers: nothing collects garbage, finishes a namespace or runs a Pod.
 */
import { generateKeyPairSync } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { join } from "node:path";
import { ensureKubeAssets } from "../tools/kube-assets.ts";
import { type Progress, silentProgress } from "../tools/progress.ts";
import { type Authority, createAuthority, type Identity } from "./certificates.ts";
import { onFreePorts, PortTakenError } from "./ports.ts";
import { NotReadyError, type StackProcess, startProcess, waitUntilReady } from "./processes.ts";

const READY_MS = 90_000;

export interface ControlPlaneOptions {
  /** Certificates, etcd's data and logs go there. */
  readonly stateDir: string;
  readonly logDir?: string;
  readonly progress?: Progress;
}

export interface ControlPlane {
  /** The file's path; its user is in system:masters. */
  readonly kubeconfig: string;
  readonly url: string;
  /** The folder that holds kubectl. */
  readonly assets: string;
  stop(): Promise<void>;
}

interface Pki {
  readonly authority: Authority;
  readonly admin: Identity;
  readonly folder: string;
}

async function makePki(folder: string): Promise<Pki> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const authority = createAuthority("streamtable-rewind");
  const server = authority.issue({ commonName: "kube-apiserver" }, ["127.0.0.1", "localhost"]);
  const admin = authority.issue({ commonName: "admin", organization: "system:masters" });
  const serviceAccounts = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const files = {
    "ca.crt": authority.certificate,
    "server.crt": server.certificate,
    "server.key": server.key,
    "sa.pub": serviceAccounts.publicKey.export({ type: "spki", format: "pem" }).toString(),
    "sa.key": serviceAccounts.privateKey.export({ type: "pkcs1", format: "pem" }).toString(),
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content, { mode: 0o600 });
  return { authority, admin, folder };
}

function kubeconfigText({ authority, admin }: Pki, url: string): string {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  // JSON is YAML too.
  return `${JSON.stringify(
    {
      apiVersion: "v1",
      kind: "Config",
      clusters: [
        {
          name: "streamtable-rewind",
          cluster: { server: url, "certificate-authority-data": base64(authority.certificate) },
        },
      ],
      users: [
        {
          name: "admin",
          user: { "client-certificate-data": base64(admin.certificate), "client-key-data": base64(admin.key) },
        },
      ],
      contexts: [
        { name: "streamtable-rewind", context: { cluster: "streamtable-rewind", user: "admin", namespace: "default" } },
      ],
      "current-context": "streamtable-rewind",
    },
    null,
    2,
  )}\n`;
}

function answersReady(url: string, { authority, admin }: Pki): Promise<boolean> {
  return new Promise((resolve) => {
    const options = {
      ca: authority.certificate,
      cert: admin.certificate,
      key: admin.key,
      agent: false,
      timeout: 2_000,
    };
    const call = request(`${url}/readyz`, options, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    call.once("timeout", () => call.destroy());
    call.once("error", () => resolve(false));
    call.end();
  });
}

interface Programs {
  readonly assets: string;
  readonly stateDir: string;
  readonly logDir: string;
}

function startEtcd({ assets, stateDir, logDir }: Programs, client: string, peer: string): Promise<StackProcess> {
  return startProcess({
    name: "etcd",
    command: join(assets, "etcd"),
    args: [
      ...["--name", "local", "--data-dir", join(stateDir, "etcd"), "--unsafe-no-fsync", "--log-level", "warn"],
      ...["--listen-client-urls", client, "--advertise-client-urls", client],
      ...["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", `local=${peer}`],
    ],
    logFile: join(logDir, "etcd.log"),
  });
}

function startApiServer({ assets, logDir }: Programs, pki: Pki, etcd: string, port: number): Promise<StackProcess> {
  const file = (name: string) => join(pki.folder, name);
  return startProcess({
    name: "kube-apiserver",
    command: join(assets, "kube-apiserver"),
    args: [
      ...["--etcd-servers", etcd, "--endpoint-reconciler-type", "none", "--allow-privileged"],
      ...["--bind-address", "127.0.0.1", "--advertise-address", "127.0.0.1", "--secure-port", String(port)],
      ...["--tls-cert-file", file("server.crt"), "--tls-private-key-file", file("server.key")],
      ...["--client-ca-file", file("ca.crt"), "--authorization-mode", "RBAC", "--anonymous-auth=false"],
      ...["--service-cluster-ip-range", "10.96.0.0/16", "--service-account-issuer", "https://kubernetes.default.svc"],
      ...["--service-account-key-file", file("sa.pub"), "--service-account-signing-key-file", file("sa.key")],
      // No controller makes service accounts here, and without it none is demanded.
      ...["--disable-admission-plugins", "ServiceAccount"],
    ],
    logFile: join(logDir, "kube-apiserver.log"),
  });
}

function portTaken(error: unknown): boolean {
  return error instanceof NotReadyError && /address already in use/i.test(error.output);
}

async function startBoth(programs: Programs, pki: Pki, ports: readonly number[]) {
  const [client, peer] = ports.map((port) => `http://127.0.0.1:${port}`) as [string, string];
  const apiPort = ports[2] as number;
  const url = `https://127.0.0.1:${apiPort}`;
  const etcd = await startEtcd(programs, client, peer);
  let api: StackProcess | undefined;
  try {
    api = await startApiServer(programs, pki, client, apiPort);
    const probe = async () => {
      if (etcd.hasExited()) throw new NotReadyError(await etcd.exited, etcd);
      return answersReady(url, pki);
    };
    await waitUntilReady(api, { timeoutMs: READY_MS, probe });
    return { etcd, api, url };
  } catch (error) {
    await Promise.all([api?.kill(), etcd.kill()]);
    throw portTaken(error) ? new PortTakenError(apiPort, "the control plane") : error;
  }
}

export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const progress = options.progress ?? silentProgress;
  const { dir: assets } = await ensureKubeAssets(progress);
  const pki = await makePki(join(options.stateDir, "pki"));
  const programs = { assets, stateDir: options.stateDir, logDir: options.logDir ?? join(options.stateDir, "log") };
  const { etcd, api, url } = await progress.step("Kubernetes API server", () =>
    onFreePorts(3, (ports) => startBoth(programs, pki, ports)),
  );
  const kubeconfig = join(options.stateDir, "kubeconfig");
  await writeFile(kubeconfig, kubeconfigText(pki, url), { mode: 0o600 });
  return {
    kubeconfig,
    url,
    assets,
    async stop() {
      // There is nothing to save, and an API server waits for its open watches.
      await api.kill();
      await etcd.kill();
    },
  };
}
