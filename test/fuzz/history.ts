/**
 * Plays a script on a database of its own: one driver, clients that wait for each other at most for a while, and after each
 * step the lake and every stream table against the model.
 */
import { Client } from "pg";
import type { TrickleDatabase } from "../../stack/database.ts";
import { Actor } from "./actor.ts";
import { openClient } from "./clients.ts";
import { Counts } from "./counts.ts";
import { Driver, withinMs } from "./driver.ts";
import { Finding, UndeterminedError } from "./finding.ts";
import { nameOf } from "./guard.ts";
import { CLIENT_NAMES, type ClientName, printStep, type Step } from "./script.ts";
import { createStage } from "./stage.ts";

export interface HistoryOptions {
  readonly script: readonly Step[];
  readonly clients: readonly ClientName[];
  /** Delta is made the cheaper way always, as on a large table. */
  readonly isDeltaForced: boolean;
}

export interface HistoryResult {
  readonly finding: Finding | undefined;
  readonly counts: Counts;
  /** Steps that were played, the one of the finding included. */
  readonly played: number;
  /** What was said and answered. */
  readonly log: readonly string[];
  /** Names of all refusals that the guard can give. */
  readonly refusals: readonly string[];
}

/** For what ends with its session; what does not is left behind. */
const LAST_WAIT_MS = 10_000;

async function openSession(database: TrickleDatabase): Promise<Client> {
  const session = new Client({ connectionString: database.url, application_name: "fuzz", statement_timeout: 60_000 });
  session.on("error", () => {});
  await session.connect();
  return session;
}

interface Run {
  readonly driver: Driver;
  readonly script: readonly Step[];
  readonly counts: Counts;
}

async function playSteps({ driver, script, counts }: Run): Promise<{ finding: Finding | undefined; played: number }> {
  let played = 0;
  try {
    for (const step of script) {
      played++;
      driver.note(`${played}: ${printStep(step)}`);
      await driver.play(step);
    }
    await driver.finish();
    return { finding: undefined, played };
  } catch (error) {
    if (error instanceof UndeterminedError) {
      counts.add(`ends: undetermined, ${error.message}`);
      return { finding: undefined, played };
    }
    if (!(error instanceof Finding)) throw error;
    counts.add(`findings: ${error.kind} (${error.detail})${error.isTold ? ", told" : ""}`);
    return { finding: error, played };
  }
}

export async function playHistory(database: TrickleDatabase, options: HistoryOptions): Promise<HistoryResult> {
  const counts = new Counts();
  const session = await openSession(database);
  const actors: Actor[] = [];
  try {
    const stage = await createStage({ database, session, counts, isDeltaForced: options.isDeltaForced });
    for (const name of options.clients) {
      actors.push(new Actor(await openClient(database, name, CLIENT_NAMES.indexOf(name)), stage.chronicle));
    }
    const driver = await Driver.create(stage, actors);
    const { finding, played } = await playSteps({ driver, script: options.script, counts });
    if (!finding) await stage.streams.mirror.check(stage.model);
    await countRefreshes(session, counts);
    return { finding, counts, played, log: driver.log, refusals: stage.declared.map(nameOf) };
  } finally {
    // Whatever still waits for a lock ends with its session.
    await session.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
    );
    await Promise.all(actors.map(({ job }) => job && withinMs(job.done, LAST_WAIT_MS)));
    for (const { client } of actors) await client.close();
    await session.end();
  }
}

async function countRefreshes(session: Client, counts: Counts): Promise<void> {
  const { rows } = await session.query<{ action: string; strategy: string; outcome: string; n: number }>(
    "select action, strategy, outcome, count(*)::int as n from pgtrickle.refresh_history group by 1, 2, 3",
  );
  for (const { action, strategy, outcome, n } of rows) {
    const failed = outcome === "Succeeded" ? "" : " failed";
    counts.add(`${action === "Rewind" ? "rewound tables" : "refreshes"}: ${strategy}${failed}`, n);
  }
}
