/** The Secret changes, or goes, while a rewind holds its table: it is read anew each time, and its absence ends nothing. */
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import type { StreamTableRewindSpecInput } from "../../operator/api/spec.ts";
import type { RewindObject } from "../../operator/gather.ts";
import { readLog } from "../../stack/processes.ts";
import { TABLE } from "../support/damage.ts";
import { closeGate, passesGate } from "../support/gate.ts";
import {
  condition,
  deleteCorrupted,
  type Rows,
  SECRET,
  statusOf,
  useOperatorStage,
} from "../support/operator-stage.ts";
import { until } from "../support/until.ts";

type Spec = Partial<StreamTableRewindSpecInput>;

const stage = useOperatorStage({ bare: true });
const USER = "rewind_rotating_operator";
const good: Rows = { click: [30, 1500], purchase: [10, 5000] };
const manual: Spec = { resume: { policy: "Manual" } };

let password: string;

function uriOf(): string {
  const uri = new URL(stage().database.url);
  uri.username = USER;
  uri.password = password;
  return uri.href;
}

async function begin(spec: Spec): Promise<RewindObject> {
  const { good: target } = await stage().damage();
  await stage().pool.query(`grant select on ${TABLE} to ${USER}`);
  return stage().apply(target, spec);
}

/** In the database; the Secret does not know it yet. No session with the old password is left, nor one that is just being let in. */
async function changePassword(): Promise<void> {
  password = `${password}x`;
  await stage().pool.query(`alter role ${USER} password '${password}'`);
  await until(async () => {
    const { rows } = await stage().pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where usename = $1
       union all select false from pg_stat_activity where state = 'starting'`,
      [USER],
    );
    return rows.length === 0;
  });
}

async function writeSecret(): Promise<void> {
  const path = `/api/v1/namespaces/${stage().namespace}/secrets/${SECRET}`;
  await stage().api.patch(path, { stringData: { uri: uriOf() } });
}

/** Failures to be let in, and that neither they nor the log tell the password. */
async function refusalsCounted(): Promise<number> {
  const log = readLog(stage().operator);
  const { port } = /"metricsPort":(?<port>\d+)/.exec(log)?.groups ?? {};
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  expect(`${log}\n${metrics}`).not.toMatch(/rewind_rotating_operator:|firstx/);
  const line = /^strw_database_errors_total\{kind="authentication",sqlstate="28P01"\} (\d+)$/m;
  return Number(line.exec(metrics)?.[1] ?? 0);
}

async function succeeds(object: RewindObject): Promise<void> {
  expect(statusOf(await stage().ended(object))).toMatchObject({ phase: "Succeeded", reason: "Succeeded" });
  expect(await stage().table()).toMatchObject({ rows: good, snapshot: await stage().head(), holds: [] });
  expect(await stage().repairCommits(object)).toHaveLength(1);
}

/** Says what is wrong, and that the table may be paused; holds it all the while. */
async function waits(object: RewindObject, reason: string, says: RegExp): Promise<void> {
  const waiting = await stage().reaches(object, (live) => statusOf(live).reason === reason);
  expect(statusOf(waiting).phase).not.toBe("Failed");
  expect(statusOf(waiting).message).toMatch(says);
  expect(condition(waiting, "Ready")).toMatchObject({ status: "False", reason });
  expect(await stage().table()).toMatchObject({ status: "PAUSED", holds: [stage().holdOf(object)] });
}

beforeAll(async () => {
  password = "first";
  await stage().pool.query(`
    drop role if exists ${USER};
    create role ${USER} login password '${password}' in role pgtrickle_admin;
    grant usage on schema lake to ${USER};
    grant select, insert, update, delete on lake.events to ${USER}`);
  await stage().secret(SECRET, { uri: uriOf() });
  await stage().startOperator();
});

afterEach(async () => {
  expect(await stage().claimOwners()).toEqual([]);
});

describe("a password that changes", () => {
  test("while the resume is awaited, the Secret with it", async () => {
    const object = await begin(manual);
    await stage().reachesPhase(object, "AwaitingResume");
    await changePassword();
    await writeSecret();
    await stage().change(object, { resume: { policy: "Automatic" } });
    await succeeds(object);
  });

  test("in the middle of the repair, whose session goes with it", async () => {
    const gate = await closeGate(stage().pool);
    const object = await begin({ repair: { sql: [deleteCorrupted, passesGate] } });
    await gate.reached();
    await changePassword();
    await writeSecret();
    await gate.open();
    await succeeds(object);
  });

  test("and a Secret that follows later: it is waited for", async () => {
    const object = await begin(manual);
    await stage().reachesPhase(object, "AwaitingResume");
    await changePassword();
    await stage().change(object, { resume: { policy: "Automatic" } });
    await waits(object, "AuthenticationFailed", /password authentication failed/);
    expect(await refusalsCounted()).toBeGreaterThan(0);
    await writeSecret();
    await succeeds(object);
  });
});

describe("a Secret that is deleted", () => {
  test.each<{ readonly name: string; readonly spec: Spec; readonly phase: "AwaitingResume" | "AwaitingApproval" }>([
    { name: "the resume", spec: manual, phase: "AwaitingResume" },
    { name: "an approval with hold", spec: { approval: { mode: "Manual", hold: true } }, phase: "AwaitingApproval" },
  ])(
    "while $name is awaited: the phase stays, the message says so, and its return heals it",
    async ({ spec, phase }) => {
      const object = await begin(spec);
      const { plan } = statusOf(await stage().reachesPhase(object, phase));
      await stage().deleteSecret(SECRET);
      const go: Spec =
        phase === "AwaitingResume" ? { resume: { policy: "Automatic" } } : { approval: { planHash: plan?.hash ?? "" } };
      await stage().change(object, go);
      await waits(object, "SecretNotFound", /there is no Secret .*paused/);
      expect(statusOf((await stage().live(object)) ?? object).phase).toBe(phase);
      await stage().secret(SECRET, { uri: uriOf() });
      await succeeds(object);
    },
  );

  test("while the resume is awaited, and an abort: settled when it is back", async () => {
    const object = await begin({ ...manual, failurePolicy: "Resume" });
    await stage().reachesPhase(object, "AwaitingResume");
    await stage().deleteSecret(SECRET);
    await stage().change(object, { abort: true });
    const waiting = await stage().reaches(object, (live) => condition(live, "Stalled")?.status === "True");
    expect(statusOf(waiting).phase).toBe("AwaitingResume");
    await stage().secret(SECRET, { uri: uriOf() });
    expect(statusOf(await stage().ended(object)).phase).toBe("Aborted");
    expect((await stage().table()).holds).toEqual([]);
  });
});
