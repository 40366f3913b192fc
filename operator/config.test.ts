import { describe, expect, it } from "vitest";
import { ConfigError, readConfig } from "./config.ts";

describe("readConfig", () => {
  it("has a default for everything", () => {
    expect(readConfig({})).toMatchObject({
      ...{ namespaces: [], metricsAddress: "127.0.0.1:8080", clusterId: undefined },
      ...{ concurrency: 10, logLevel: "info" },
    });
  });

  it("takes an empty value as not set", () => {
    expect(readConfig({ WATCH_NAMESPACES: "", CLUSTER_ID: "", CONCURRENCY: "" })).toMatchObject({
      ...{ namespaces: [], clusterId: undefined, concurrency: 10 },
    });
  });

  it("reads a list of namespaces", () => {
    expect(readConfig({ WATCH_NAMESPACES: "a, b,,c " }).namespaces).toEqual(["a", "b", "c"]);
  });

  it("lists every wrong setting at once", () => {
    const read = () => readConfig({ METRICS_ADDRESS: "nowhere", CONCURRENCY: "0", LOG_LEVEL: "loud" });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(/METRICS_ADDRESS[\s\S]*CONCURRENCY[\s\S]*LOG_LEVEL/);
  });

  it("works without leader election unless it is told otherwise", () => {
    expect(readConfig({}).lease).toBeUndefined();
  });

  it("reads the lease's name, place and times", () => {
    const lease = { LEADER_ELECTION: "true", LEASE_NAMESPACE: "rewind", LEASE_NAME: "one", LEASE_RETRY_SECONDS: "0.5" };
    expect(readConfig(lease).lease).toEqual({
      ...{ namespace: "rewind", name: "one" },
      times: { durationMs: 15_000, renewDeadlineMs: 10_000, renewMs: 500, standbyMs: 500 },
    });
  });

  it("refuses a lease without a place, and times that could give two leaders", () => {
    expect(() => readConfig({ LEADER_ELECTION: "true" })).toThrow(/LEASE_NAMESPACE: is needed/);
    expect(() => readConfig({ LEASE_DURATION_SECONDS: "10" })).toThrow(/LEASE_RENEW_DEADLINE_SECONDS/);
    expect(() => readConfig({ LEASE_RETRY_SECONDS: "5" })).toThrow(/LEASE_RETRY_SECONDS/);
  });

  it("cannot be changed afterwards", () => {
    expect(Object.isFrozen(readConfig({}))).toBe(true);
  });
});
