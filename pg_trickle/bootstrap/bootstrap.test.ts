import { describe, expect, test } from "vitest";
import { ConfigError, readConfig } from "./config.ts";
import { addressOf, databaseUrl, explainConnectFailure, isTransient } from "./connect.ts";
import { buildLakeInit } from "./lake-init.ts";

const good = {
  ADMIN_URL: "postgresql://postgres@127.0.0.1:5432/postgres",
  DATABASE_NAME: "timetravel_demo",
  LAKE_HOST: "/run/lake",
  LAKE_PORT: "5433",
  LAKE_PASSWORD: "l",
  PLANS_PASSWORD: "p",
  CATALOG_PASSWORD: "c",
  OPERATOR_PASSWORD: "o",
  SCHEDULER_PASSWORD: "s",
};

function problemsOf(environment: NodeJS.ProcessEnv): string {
  try {
    readConfig(environment);
    return "";
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
}

describe("configuration", () => {
  test("every bad key is told at once, and no value", () => {
    const problems = problemsOf({ ...good, ADMIN_URL: "secret-host", LAKE_PORT: "0", LAKE_PASSWORD: "" });
    for (const key of ["ADMIN_URL", "LAKE_PORT", "LAKE_PASSWORD"]) expect(problems).toContain(key);
    expect(problems).not.toContain("secret-host");
  });

  test("what belongs together comes together", () => {
    expect(problemsOf({ ...good, LAKE_INIT_SOURCE: "/a" })).toContain("LAKE_INIT_TARGET");
    const init = { LAKE_INIT_SOURCE: "/a", LAKE_INIT_TARGET: "/b" };
    expect(problemsOf({ ...good, ...init, S3_KEY_ID: "k" })).toContain("S3_SECRET");
    expect(problemsOf({ ...good, S3_ENDPOINT: "https://minio:9000" })).toContain("S3_ENDPOINT: must be host:port");
    const both = { S3_KEY_ID: "k", S3_SECRET: "s", S3_CREDENTIALS: "ServiceAccount" };
    expect(problemsOf({ ...good, ...init, ...both })).toContain("S3_CREDENTIALS");
  });

  test("the generator's login is made only if it has a password", () => {
    expect(readConfig(good).logins.map(({ role }) => role)).toEqual(["timetravel_operator", "timetravel_scheduler"]);
    const logins = readConfig({ ...good, GENERATOR_PASSWORD: "g" }).logins;
    expect(logins.at(-1)).toEqual({ role: "timetravel_generator", password: "g", memberOf: null });
  });

  test("an empty variable is one that is not there", () => {
    expect(readConfig({ ...good, LAKE_SSLMODE: "", S3_ENDPOINT: "" }).lake.sslMode).toBeNull();
  });
});

describe("the database's address", () => {
  test.each([
    ["postgresql://u:p@h:1/postgres?sslmode=verify-full", "postgresql://u:p@h:1/my%20db?sslmode=verify-full"],
    ["postgres://u@h", "postgres://u@h/my%20db"],
    ["postgres://u@h?sslmode=require", "postgres://u@h/my%20db?sslmode=require"],
  ])("%s", (url, want) => {
    expect(databaseUrl(url, "my db")).toBe(want);
  });

  test("is told without user and password", () => {
    expect(addressOf("postgresql://u:p@h:1/db")).toBe("postgresql://h:1/db");
  });
});

describe("a failed connection", () => {
  test.each([
    ["ECONNREFUSED", true],
    ["EAI_AGAIN", true],
    ["57P03", true],
    ["53300", true],
    ["28P01", false],
    ["42501", false],
  ])("%s: waiting may help: %s", (code, want) => {
    expect(isTransient(Object.assign(new Error("no"), { code }))).toBe(want);
  });

  test("a wrong password comes with what to do", () => {
    const error = Object.assign(new Error("password authentication failed"), { code: "28P01" });
    expect(explainConnectFailure(error, "h:1").message).toMatch(/h:1: password authentication failed\n.*volume/);
  });
});

describe("the lake's SQL", () => {
  test("without S3 it is the file", () => {
    expect(buildLakeInit("select 1;", null)).toBe("select 1;");
  });

  test("keys of a service account are asked for, and asked for again", () => {
    expect(buildLakeInit("select 1;", { keys: null, region: "eu-west-1" })).toBe(
      "create or replace secret lake_data (type s3, provider credential_chain, refresh auto, region 'eu-west-1');\nselect 1;",
    );
  });

  test("credentials come first, quoted", () => {
    const s3 = {
      keys: { keyId: "k", secret: "it's" },
      endpoint: "minio:9000",
      region: undefined,
      urlStyle: "path",
      useSsl: "false",
    };
    expect(buildLakeInit("select 1;", s3)).toBe(
      "create or replace secret lake_data (type s3, key_id 'k', secret 'it''s', endpoint 'minio:9000', url_style 'path', use_ssl false);\nselect 1;",
    );
    expect(buildLakeInit("select 1;", { keys: { keyId: "k", secret: "s" }, caFile: "/ca.crt" })).toBe(
      "create or replace secret lake_data (type s3, key_id 'k', secret 's');\nset global ca_cert_file = '/ca.crt';\nselect 1;",
    );
  });
});
