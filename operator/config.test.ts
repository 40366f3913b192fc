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

  it("cannot be changed afterwards", () => {
    expect(Object.isFrozen(readConfig({}))).toBe(true);
  });
});
