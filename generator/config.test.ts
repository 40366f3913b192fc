import { describe, expect, it } from "vitest";
import { ConfigError, readConfig } from "./config.ts";

const DATABASE_URL = "postgresql://postgres:secret@localhost:5432/timetravel_demo";

describe("the generator's configuration", () => {
  it("has the defaults of the demo document", () => {
    expect(readConfig({ DATABASE_URL }, [])).toMatchObject({ batchSize: 50, intervalMs: 2000, scenario: "steady" });
  });

  it("takes BATCH_SIZE, INTERVAL_MS, SEED and SCENARIO from the environment", () => {
    const env = { DATABASE_URL, BATCH_SIZE: "100", INTERVAL_MS: "1000", SEED: "7", SCENARIO: "corrupted" };
    expect(readConfig(env, [])).toMatchObject({ batchSize: 100, intervalMs: 1000, seed: "7", scenario: "corrupted" });
  });

  it("reads an empty variable as not set", () => {
    const env = { DATABASE_URL, BATCH_SIZE: "", INTERVAL_MS: "", SEED: "" };
    const config = readConfig(env, []);
    expect(config).toMatchObject({ batchSize: 50, intervalMs: 2000 });
    expect(config.seed).not.toBe("");
  });

  it("lets the command line win over the environment", () => {
    const config = readConfig({ DATABASE_URL, SCENARIO: "steady" }, ["--scenario", "corrupted", "--seed=9"]);
    expect(config).toMatchObject({ scenario: "corrupted", seed: "9" });
  });

  it("chooses a new seed when none is given", () => {
    expect(readConfig({ DATABASE_URL }, []).seed).not.toBe(readConfig({ DATABASE_URL }, []).seed);
  });

  it("lists every bad key at once and never a value", () => {
    const env = { DATABASE_URL: "secret-thing", BATCH_SIZE: "0", INTERVAL_MS: "soon" };
    const error = thrownBy(() => readConfig(env, []));
    expect(error).toBeInstanceOf(ConfigError);
    for (const key of ["DATABASE_URL", "BATCH_SIZE", "INTERVAL_MS"]) {
      expect(String(error)).toContain(key);
    }
    expect(String(error)).not.toContain("secret-thing");
  });

  it("refuses an unknown scenario and an unknown option", () => {
    expect(() => readConfig({ DATABASE_URL }, ["--scenario", "fire"])).toThrow(ConfigError);
    expect(() => readConfig({ DATABASE_URL }, ["--loud"])).toThrow(ConfigError);
  });
});

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}
