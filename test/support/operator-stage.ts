/**
 * A stage for tests of the whole operator: its process, a namespace of the real API server, a database with a damaged stream
 * table, a Secret that leads to it, and a plain DuckDB that witnesses what is true. One a test file; objects have fresh names.
 */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, inject } from "vitest";
import type { StreamTableRewindSpecInput } from "../../operator/api/spec.ts";
import { isTerminal, type Phase, type StreamTableRewindStatus } from "../../operator/api/status.ts";
import type { RewindObject } from "../../operator/gather.ts";
import { isNotFound } from "../../operator/kube/errors.ts";
import type { Kubernetes } from "../../operator/kube/kubernetes.ts";
import { resourcePath } from "../../operator/kube/paths.ts";
import { streamTableRewinds } from "../../operator/kube/resources.ts";
import type { ResourceClient } from "../../operator/kube/types.ts";
import type { TrickleDatabase } from "../../stack/database.ts";
import type { DuckdbClient } from "../../stack/ducklake.ts";
import { startOperator } from "../../stack/operator.ts";
import { onFreePorts } from "../../stack/ports.ts";
import { readLog, type StackProcess, temporaryFolder } from "../../stack/processes.ts";
import { CORRUPTED, type Damage, type DamageOptions, damage, TABLE } from "./damage.ts";
import type {} from "./provided.ts";
import { installRewinds, makeRewind, makeSecret } from "./rewinds.ts";
import { openTrickle, type UseTrickleOptions } from "./trickle.ts";
import { until } from "./until.ts";
import { connect, KubeApi } from "./widgets.ts";

export const SECRET = "timetravel-db";
export const noCorrupted = `select count(*) = 0 from ${TABLE} where event_type = '${CORRUPTED}'`;
export const deleteCorrupted = `delete from lake.events where event_type = '${CORRUPTED}'`;

/** event type → [rows, sum of values] */
export type Rows = Readonly<Record<string, readonly [count: number, total: number]>>;

export interface TableState {
  readonly rows: Rows;
  readonly snapshot: number;
  readonly status: string;
  readonly holds: readonly string[];
}

export interface ToldEvent {
  readonly type: string;
  readonly reason: string;
  readonly note: string;
}

interface SummaryRow {
  readonly event_type: string;
  readonly event_count: string | number;
  readonly total_value: string | number;
}

function rowsOf(rows: readonly SummaryRow[]): Rows {
  const entries = rows.map((row) => [row.event_type, [Number(row.event_count), Number(row.total_value)]] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function statusOf(object: RewindObject): StreamTableRewindStatus {
  return (object.status ?? {}) as StreamTableRewindStatus;
}

export function condition(object: RewindObject, type: string) {
  return statusOf(object).conditions?.find((candidate) => candidate.type === type);
}

export class OperatorStage {
  readonly database: TrickleDatabase;
  readonly namespace: string;
  readonly api: KubeApi;
  readonly rewinds: ResourceClient<RewindObject>;
  readonly #kubernetes: Kubernetes;
  readonly #folder = temporaryFolder();
  #operator: StackProcess | undefined;
  #witness: DuckdbClient | undefined;

  constructor(parts: { readonly database: TrickleDatabase; readonly namespace: string; readonly api: KubeApi }) {
    this.database = parts.database;
    this.namespace = parts.namespace;
    this.api = parts.api;
    this.#kubernetes = connect(inject("kube").kubeconfig);
    this.rewinds = this.#kubernetes.client.resource<RewindObject>(streamTableRewinds);
  }

  get pool() {
    return this.database.pool();
  }

  get operator(): StackProcess {
    if (!this.#operator) throw new Error("the operator does not run");
    return this.#operator;
  }

  /** Ready when this returns. @param kubeconfig of a proxy, if need be. */
  async startOperator(kubeconfig = inject("kube").kubeconfig): Promise<StackProcess> {
    this.#operator = await onFreePorts(1, ([port]) =>
      startOperator({
        ...{ kubeconfig, namespaces: [this.namespace], metricsAddress: `127.0.0.1:${port}` },
        logFile: join(this.#folder.path, "operator.log"),
        // The cache saves a third of a start: a file may start many.
        env: { LOG_LEVEL: "debug", NODE_COMPILE_CACHE: join(this.#folder.path, "compiled") },
      }),
    );
    return this.#operator;
  }

  async restartOperator(): Promise<void> {
    await this.operator.stop();
    await this.startOperator();
  }

  damage(options?: DamageOptions): Promise<Damage> {
    return damage(this.pool, options);
  }

  /** The usual repair and assertion, unless the test has others; a fresh name, unless the test gives one. */
  apply(
    target: number,
    spec: Partial<StreamTableRewindSpecInput> = {},
    name = `rewind-${randomUUID().slice(0, 8)}`,
  ): Promise<RewindObject> {
    const usual = {
      database: { secretRef: { name: SECRET } },
      streamTables: [TABLE],
      target: { snapshotId: target },
      verification: { assertions: [{ name: "no-corrupted", sql: noCorrupted }] },
      repair: { sql: [deleteCorrupted] },
    };
    // undefined: the test wants the field left out
    const given = JSON.parse(JSON.stringify({ ...usual, ...spec }));
    return makeRewind(this.api, { namespace: this.namespace, name, spec: given });
  }

  /** Of fields that may be changed, as a person changes them. */
  async change(object: RewindObject, spec: Partial<StreamTableRewindSpecInput>): Promise<RewindObject> {
    const { name } = object.metadata;
    const path = resourcePath(streamTableRewinds, { namespace: this.namespace, name });
    return (await this.api.patch(path, { spec })) as unknown as RewindObject;
  }

  secret(name: string, data: Readonly<Record<string, string>>): Promise<void> {
    return makeSecret(this.api, this.namespace, name, data);
  }

  async deleteSecret(name: string): Promise<void> {
    await this.api.delete(`/api/v1/namespaces/${this.namespace}/secrets/${name}`);
  }

  async live(object: RewindObject): Promise<RewindObject | undefined> {
    try {
      return await this.rewinds.get(this.namespace, object.metadata.name);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async wipeStatus(object: RewindObject): Promise<void> {
    const live = await this.rewinds.get(this.namespace, object.metadata.name);
    const nothing = Object.fromEntries(Object.keys(live.status ?? {}).map((key) => [key, null]));
    const { status } = await this.rewinds.patchStatus(live, nothing);
    if (Object.keys(status ?? {}).length > 0) throw new Error("the status is still there");
  }

  reaches(object: RewindObject, predicate: (live: RewindObject) => boolean): Promise<RewindObject> {
    return until(async () => {
      const live = await this.live(object);
      return live !== undefined && predicate(live) && live;
    });
  }

  reachesPhase(object: RewindObject, phase: Phase): Promise<RewindObject> {
    return this.reaches(object, (live) => statusOf(live).phase === phase);
  }

  ended(object: RewindObject): Promise<RewindObject> {
    return this.reaches(object, (live) => isTerminal(statusOf(live).phase));
  }

  async gone(object: RewindObject): Promise<void> {
    await until(async () => (await this.live(object)) === undefined);
  }

  /** What `table()` shows among the holds while the object holds it. */
  holdOf(object: RewindObject): string {
    return `rewind:${this.namespace}/${object.metadata.name}`;
  }

  /** The objects that hold a lock on a stream table, by uid. */
  async claimOwners(): Promise<string[]> {
    const { rows } = await this.pool.query<{ uid: string }>("select uid from pgtrickle_rewind.claims");
    return rows.map(({ uid }) => uid);
  }

  /** In the operation log; undefined: it knows nothing of the object. */
  async outcome(object: RewindObject): Promise<string | null | undefined> {
    const { rows } = await this.pool.query<{ outcome: string | null }>(
      "select outcome from pgtrickle_rewind.operations where uid = $1",
      [object.metadata.uid],
    );
    return rows[0]?.outcome;
  }

  async table(): Promise<TableState> {
    // One statement: rows, snapshot and holds of one moment.
    const { rows } = await this.pool.query<Omit<TableState, "rows"> & { rows: SummaryRow[] }>(
      `select t.contents_snapshot::int as snapshot, t.status, to_jsonb(t.holds) as holds,
              (select coalesce(jsonb_agg(to_jsonb(s)), '[]') from public.event_summary s) as rows
       from pgtrickle.pgt_stream_tables t where t.pgt_schema = 'public' and t.pgt_name = 'event_summary'`,
    );
    const [row] = rows;
    if (!row) throw new Error(`there is no ${TABLE}`);
    return { ...row, rows: rowsOf(row.rows) };
  }

  /** What the table's query gives at a snapshot, by a DuckDB that knows nothing of the engine. */
  async truthAt(snapshot: number): Promise<Rows> {
    const rows = await (await this.#duckdb()).rows(
      `select event_type, count(*) as event_count, sum(value) as total_value
       from lake.main.events at (version => ${snapshot}) group by event_type`,
    );
    return rowsOf(rows as unknown as SummaryRow[]);
  }

  /** Snapshots of the lake that carry this object's repair marker, by the same DuckDB. */
  async repairCommits(object: RewindObject): Promise<number[]> {
    const rows = await (await this.#duckdb()).rows(
      `select snapshot_id from ducklake_snapshots('lake') where commit_extra_info is not null
       and json_extract_string(commit_extra_info, '$.operation') = 'strw/${object.metadata.uid}/repair'`,
    );
    return rows.map((row) => Number(row["snapshot_id"]));
  }

  async head(): Promise<number> {
    const rows = await (await this.#duckdb()).rows("select max(snapshot_id) as head from ducklake_snapshots('lake')");
    return Number(rows[0]?.["head"]);
  }

  /** What people are told about the object, in the order in which it happened. */
  async events(object: RewindObject): Promise<ToldEvent[]> {
    const list = await this.api.get(`/apis/events.k8s.io/v1/namespaces/${this.namespace}/events`);
    const items = list["items"] as (ToldEvent & { regarding: { uid: string }; eventTime: string })[];
    return items
      .filter(({ regarding }) => regarding.uid === object.metadata.uid)
      .sort((a, b) => a.eventTime.localeCompare(b.eventTime))
      .map(({ type, reason, note }) => ({ type, reason, note }));
  }

  /** The operator's last words, for a test that failed. */
  logTail(): string {
    const lines = this.#operator ? readLog(this.#operator).trimEnd().split("\n") : [];
    return `${lines.slice(-30).join("\n")}\n`;
  }

  async #duckdb(): Promise<DuckdbClient> {
    this.#witness ??= await this.database.duckdb();
    return this.#witness;
  }

  async close(): Promise<void> {
    await this.#operator?.stop();
    this.#kubernetes.close();
    this.#folder.remove();
  }
}

export interface UseOperatorStageOptions {
  readonly trickle?: UseTrickleOptions;
  /** The test makes the Secret and starts the operator itself. */
  readonly bare?: boolean;
}

/** The stage for a test file. The result may be used inside tests and hooks only. */
export function useOperatorStage(options: UseOperatorStageOptions = {}): () => OperatorStage {
  let stage: OperatorStage | undefined;
  beforeAll(async () => {
    const api = new KubeApi(inject("kube").kubeconfig);
    await installRewinds(api);
    const namespace = await api.makeNamespace();
    stage = new OperatorStage({ database: await openTrickle(options.trickle), namespace, api });
    if (options.bare) return;
    await stage.secret(SECRET, { uri: stage.database.url });
    await stage.startOperator();
  });
  beforeEach(({ onTestFailed }) => {
    onTestFailed(() => {
      process.stderr.write(stage?.logTail() ?? "");
    });
  });
  afterAll(async () => {
    await stage?.close();
    await stage?.database.drop();
    stage?.api.close();
  });
  return () => {
    if (!stage) throw new Error("the stage is built in beforeAll: use it inside tests and hooks");
    return stage;
  };
}
