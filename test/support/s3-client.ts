/** What a test asks an S3 server besides the engine: plain requests with Signature Version 4, for small answers. */
import { createHash, createHmac } from "node:crypto";

export interface S3Account {
  /** host:port, without TLS. */
  readonly endpoint: string;
  readonly region: string;
  readonly keyId: string;
  readonly secret: string;
}

interface S3Request {
  readonly method: "GET" | "PUT" | "DELETE" | "HEAD";
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
}

const EMPTY_HASH = createHash("sha256").update("").digest("hex");

const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();

/** As AWS wants it: everything but letters, digits and `-._~`. */
function encode(text: string): string {
  const code = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, code);
}

function queryString(query: Readonly<Record<string, string>>): string {
  return Object.entries(query)
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join("&");
}

function authorization(account: S3Account, { method, path, query = {} }: S3Request, time: string): string {
  const headers = `host:${account.endpoint}\nx-amz-content-sha256:${EMPTY_HASH}\nx-amz-date:${time}\n`;
  const names = "host;x-amz-content-sha256;x-amz-date";
  const request = [method, path, queryString(query), headers, names, EMPTY_HASH].join("\n");
  const scope = `${time.slice(0, 8)}/${account.region}/s3/aws4_request`;
  const hash = createHash("sha256").update(request).digest("hex");
  const key = [account.region, "s3", "aws4_request"].reduce(
    (last: Buffer, part) => hmac(last, part),
    hmac(`AWS4${account.secret}`, time.slice(0, 8)),
  );
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${time}\n${scope}\n${hash}`).toString("hex");
  return `AWS4-HMAC-SHA256 Credential=${account.keyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
}

/** The answer's text; fails with what the server says. */
export async function askS3(account: S3Account, request: S3Request): Promise<string> {
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const query = queryString(request.query ?? {});
  const response = await fetch(`http://${account.endpoint}${request.path}${query && `?${query}`}`, {
    method: request.method,
    headers: {
      authorization: authorization(account, request, time),
      "x-amz-content-sha256": EMPTY_HASH,
      "x-amz-date": time,
    },
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${request.method} ${request.path}: ${response.status} ${text}`);
  return text;
}

/** The keys of all objects below a prefix, sorted. */
export async function listObjects(account: S3Account, bucket: string, prefix = ""): Promise<string[]> {
  const text = await askS3(account, { method: "GET", path: `/${bucket}`, query: { "list-type": "2", prefix } });
  if (text.includes("<IsTruncated>true<")) throw new Error(`more than a page of objects in ${bucket}/${prefix}`);
  return [...text.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key]) => key ?? "").sort();
}
