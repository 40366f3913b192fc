import { describe, expect, test } from "vitest";
import { toLakeError } from "./errors.ts";
import { readStorageFailure } from "./storage-errors.ts";

const put = (said: string, code = "") =>
  `HTTP Error: Unable to connect to URL s3://lake/main/events/1.parquet: ${said}${code && `\n\n${code}: Some words.`}`;
const get = (said: string, code = "") =>
  `HTTP Error: HTTP GET error reading 's3://lake/main/events/1.parquet' in region 'us-east-1' (HTTP ${said})${code && `\n\n${code}: Some words.`}`;
const FILE = "s3://lake/main/events/1.parquet";

describe("failures of the storage, in DuckDB's words", () => {
  test.each([
    [
      put("Forbidden (HTTP code 403)", "InvalidAccessKeyId"),
      `refuses the access key: HTTP 403 InvalidAccessKeyId, ${FILE}`,
      /access-key-id.*credentialsSecret.*restart/,
    ],
    [get("403 Forbidden", "SignatureDoesNotMatch"), `refuses the access key: HTTP 403 SignatureDoesNotMatch`, /Secret/],
    [put("Bad Request (HTTP code 400)", "ExpiredToken"), "refuses the access key", /session-token/],
    [get("403 Forbidden"), `denies access: HTTP 403 Forbidden, ${FILE}`, /s3:PutObject/],
    [put("Forbidden (HTTP code 403)", "AccessDenied"), "denies access: HTTP 403 AccessDenied", /lacks a right/],
    [put("Not Found (HTTP code 404)", "NoSuchBucket"), "bucket does not exist: HTTP 404 NoSuchBucket", /Create it/],
    [get("404 Not Found"), `is not there: HTTP 404 Not Found, ${FILE}`, /restore/],
    [put("Bad Request (HTTP code 400)", "AuthorizationHeaderMalformed"), "another region", /s3\.region/],
    [put("Service Unavailable (HTTP code 503)", "SlowDown"), "storage fails: HTTP 503 SlowDown", /tried again/],
    [
      "IO Error: Could not connect to server error for HTTP PUT to 'http://127.0.0.1:9/lake/x.parquet'",
      "does not answer: Could not connect to server, http://127.0.0.1:9/lake/x.parquet",
      /endpoint/,
    ],
    [
      "IO Error: Could not resolve hostname error for HTTP HEAD to 'https://nowhere/lake/x'",
      "does not answer: Could not resolve hostname",
      /endpoint/,
    ],
    [
      "IO Error: SSL connect error error for HTTP PUT to 'https://minio:9000/lake/x'",
      "no TLS connection to the lake's storage: SSL connect error",
      /useSsl: false/,
    ],
    [
      "TransactionContext Error: Failed to commit: IO Error: Could not connect to server error for HTTP PUT to 'http://h/l/x'",
      "does not answer",
      /Nothing was committed/,
    ],
  ])("%s", (message, want, hint) => {
    const error = toLakeError(new Error(message));
    expect(error).toMatchObject({ sqlState: "LT008", message: expect.stringContaining(want) });
    expect(error.hint).toMatch(hint);
  });

  test("a file that is not there is lost, which does not pass: S3 says so of a GET, by a word of its own", () => {
    expect(toLakeError(new Error(get("404 Not Found", "NoSuchKey")))).toMatchObject({
      ...{ sqlState: "LT012", message: `a data file of the lake is not there: HTTP 404 NoSuchKey, ${FILE}` },
      hint: expect.stringMatching(/Restore it from a backup or the bucket's versions.*strategy Journal/),
    });
  });

  test("a signature in a URL is not told", () => {
    const failure = readStorageFailure(
      "IO Error: Timeout was reached error for HTTP GET to 'https://h/l/x?X-Amz-Signature=abc'",
    );
    expect(failure?.message).toMatch(/, https:\/\/h\/l\/x$/);
  });

  test.each(["IO Error: Cannot open file", "Catalog Error: Table with name x does not exist!", "something new"])(
    "%s is none",
    (message) => {
      expect(readStorageFailure(message)).toBeNull();
    },
  );
});
