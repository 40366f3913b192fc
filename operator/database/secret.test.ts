import { describe, expect, it } from "vitest";
import { connectionOf, isFailure } from "./secret.ts";

type Data = Readonly<Record<string, string>>;
const uri = "postgresql://app:p%40ss@db.example:5433/timetravel?sslmode=require";
const parts = { host: "db.example", dbname: "timetravel", user: "app", password: "secret" };

const good: Readonly<Record<string, { readonly data: Data; readonly want: object }>> = {
  "a uri": {
    data: { uri },
    want: { host: "db.example", port: 5433, database: "timetravel", user: "app", password: "p@ss", sslMode: "require" },
  },
  "a uri with a line end, as echo makes it": { data: { uri: `${uri}\n` }, want: { password: "p@ss" } },
  "a uri with a socket's folder": {
    data: { uri: "postgresql://app@/timetravel?host=/var/run/postgresql" },
    want: { host: "/var/run/postgresql", port: 5432, user: "app", password: undefined },
  },
  "a uri with an IPv6 address": { data: { uri: "postgres://app@[::1]/timetravel" }, want: { host: "::1" } },
  "a uri whose password stands apart": {
    data: { uri: "postgresql://app@db/timetravel", password: "apart" },
    want: { password: "apart" },
  },
  parts: { data: parts, want: { host: "db.example", port: 5432, password: "secret", sslMode: "disable" } },
  "parts with a port, sslmode and a CA": {
    data: { ...parts, port: "6432", sslmode: "verify-full", "ca.crt": "PEM" },
    want: { port: 6432, sslMode: "verify-full", ca: "PEM" },
  },
};

const bad: Readonly<Record<string, { readonly data: Data; readonly says: RegExp }>> = {
  "nothing at all": { data: {}, says: /lacks host, dbname, user/ },
  "a missing key": { data: { ...parts, dbname: "" }, says: /lacks dbname/ },
  "a uri that is none": { data: { uri: "db.example password=hunter2" }, says: /postgresql:\/\// },
  "a uri of something else": { data: { uri: "mysql://app:hunter2@db/timetravel" }, says: /postgresql:\/\// },
  "a uri without a user": { data: { uri: "postgresql://db/timetravel" }, says: /lacks user/ },
  "a uri with a wrong escape": { data: { uri: "postgresql://app:hunter2%zz@db/timetravel" }, says: /escape/ },
  "a port that is none": { data: { ...parts, port: "54321x" }, says: /port "54321x"/ },
  "a password in its host": { data: { ...parts, host: "app:hunter2@db.example" }, says: /host is not a host name/ },
  "an sslmode that might mean no TLS": { data: { ...parts, sslmode: "prefer" }, says: /sslmode "prefer" is none of/ },
};

describe("a Secret with", () => {
  for (const [name, { data, want }] of Object.entries(good)) {
    it(`${name} is a connection`, () => {
      expect(connectionOf("default/db", data)).toMatchObject(want);
    });
  }

  for (const [name, { data, says }] of Object.entries(bad)) {
    it(`${name} is refused by name, without its password`, () => {
      const result = connectionOf("default/db", data);
      if (!isFailure(result)) throw new Error("accepted");
      expect(result).toMatchObject({ reason: "SecretInvalid", terminal: true });
      expect(result.message).toMatch(says);
      expect(result.message).toContain("default/db");
      expect(result.message).not.toMatch(/hunter2|secret/);
    });
  }
});
