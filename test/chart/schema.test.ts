import { beforeAll, describe, expect, it } from "vitest";
import { BUILD_TIMEOUT_MS, haveHelm, operatorOnly, refusal, render, type Values } from "./chart.ts";

beforeAll(haveHelm, BUILD_TIMEOUT_MS);

interface Refused {
  readonly name: string;
  readonly values: Values;
  readonly says: RegExp;
}

const refused: readonly Refused[] = [
  {
    name: "a misspelt key",
    values: { operator: { replica: 2 } },
    says: /at '\/operator': additional properties 'replica' not allowed/,
  },
  { name: "an unknown part", values: { operators: {} }, says: /additional properties 'operators' not allowed/ },
  {
    name: "a number as text",
    values: { operator: { replicas: "2" } },
    says: /'\/operator\/replicas': got string, want integer/,
  },
  { name: "fewer than no replicas", values: { operator: { replicas: -1 } }, says: /'\/operator\/replicas': minimum/ },
  {
    name: "an unknown level",
    values: { operator: { logLevel: "loud" } },
    says: /'\/operator\/logLevel': value must be one of 'trace', 'debug'/,
  },
  {
    name: "something that is no digest",
    values: { operator: { image: { digest: "latest" } } },
    says: /'\/operator\/image\/digest': 'latest' does not match pattern/,
  },
  {
    name: "an address where a host and port are wanted",
    values: { pgTrickle: { lake: { s3: { endpoint: "https://minio:9000" } } } },
    says: /s3\/endpoint': 'https:\/\/minio:9000' does not match pattern/,
  },
  {
    name: "a namespace twice",
    values: { watchNamespaces: ["a", "a"] },
    says: /'\/watchNamespaces': items at 0 and 1 are equal/,
  },
  {
    name: "a label that is no text",
    values: { commonLabels: { a: 1 } },
    says: /'\/commonLabels\/a': got number, want string/,
  },
  {
    name: "more replicas than one without election",
    values: { leaderElection: { enabled: false }, operator: { replicas: 2 } },
    says: /operator\.replicas: more than 1 needs leaderElection\.enabled/,
  },
  {
    name: "a renew deadline that is not shorter than the lease",
    values: { leaderElection: { renewDeadlineSeconds: 15 } },
    says: /renewDeadlineSeconds has to be less than leaderElection\.leaseDurationSeconds/,
  },
  {
    name: "no time for a second renewal",
    values: { leaderElection: { retrySeconds: 5 } },
    says: /retrySeconds has to be less than half of leaderElection\.renewDeadlineSeconds/,
  },
  {
    name: "a policy under which nobody can approve",
    values: { operator: { admissionPolicy: { enabled: true } } },
    says: /name users or groups that may approve/,
  },
  {
    name: "approval that is required and watched by nobody",
    values: { operator: { admissionPolicy: { requireApproval: true } } },
    says: /requireApproval needs operator\.admissionPolicy\.enabled/,
  },
  {
    name: "the operator's rights for the account of every pod",
    values: { operator: { serviceAccount: { create: false } } },
    says: /operator\.serviceAccount\.name is needed with create: false/,
  },
  {
    name: "a common label that selectors need",
    values: { commonLabels: { "app.kubernetes.io/component": "x" } },
    says: /commonLabels: app\.kubernetes\.io\/component is the chart's own/,
  },
  ...["operator", "pgTrickle", "generator"].map((part) => ({
    name: `a label of a pod that selectors need: ${part}`,
    values: { [part]: { ...(operatorOnly[part] as Values), podLabels: { "app.kubernetes.io/name": "x" } } },
    says: new RegExp(`${part}\\.podLabels: app\\.kubernetes\\.io/name is the chart's own`),
  })),
  {
    name: "a generator without a table",
    values: { pgTrickle: { seed: { enabled: false } }, generator: { enabled: true } },
    says: /no table lake\.events for the generator .* set generator\.enabled to false/,
  },
  {
    name: "an authority of PostgreSQL that is not there, though rewinds verify by it",
    values: {
      pgTrickle: { enabled: true },
      externalPostgres: { enabled: true, host: "h", caSecret: { name: "pg-ca" }, lake: { sslRootCert: "/ca.crt" } },
    },
    says: /Secret pg-ca of namespace rewind has no ca\.crt yet/,
  },
  {
    name: "two monitors of one operator",
    values: { monitoring: { serviceMonitor: { enabled: true }, podMonitor: { enabled: true } } },
    says: /enable one of them/,
  },
];

describe("refuses", () => {
  it.each(refused)("$name, and says why", async ({ values, says }) => {
    expect(await refusal({ ...operatorOnly, ...values })).toMatch(says);
  });
});

describe("takes", () => {
  it.each<[string, Values]>([
    ["values for all parts of a bigger chart", { global: { anything: true } }],
    ["resources of any form", { operator: { resources: { limits: { "example.org/gpu": 1 } } } }],
    ["a percentage in a PodDisruptionBudget", { operator: { podDisruptionBudget: { maxUnavailable: "25%" } } }],
    ["parts of a second", { leaderElection: { retrySeconds: 0.5 } }],
  ])("%s", async (_name, values) => {
    expect((await render({ ...operatorOnly, ...values })).length).toBeGreaterThan(0);
  });
});
