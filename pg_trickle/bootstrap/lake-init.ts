// The SQL that DuckDB runs at each start of the engine: credentials for S3, then the lake's tables. Pure.
import type { S3Settings } from "./config.ts";

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

export function buildLakeInit(lakeSql: string, s3: S3Settings | null): string {
  if (s3 === null) return lakeSql;
  const options: readonly (readonly [string, string | undefined])[] = [
    ["key_id", s3.keys?.keyId],
    ["secret", s3.keys?.secret],
    ["session_token", s3.keys?.sessionToken],
    ["endpoint", s3.endpoint],
    ["region", s3.region],
    ["url_style", s3.urlStyle],
  ];
  const parts = options.flatMap(([key, value]) => (value ? [`${key} ${literal(value)}`] : []));
  if (s3.keys === null) parts.unshift("provider credential_chain", "refresh auto");
  if (s3.useSsl) parts.push(`use_ssl ${s3.useSsl}`);
  const authority = s3.caFile ? `set global ca_cert_file = ${literal(s3.caFile)};\n` : "";
  return `create or replace secret lake_data (type s3, ${parts.join(", ")});\n${authority}${lakeSql}`;
}
