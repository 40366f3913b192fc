// What DuckDB says when the lake's data files in S3 cannot be read or written, as what is wrong and who can mend it. Pure.
// Data files are uploaded before the catalog is told of them, so none of these failures leaves a commit behind.

export interface StorageFailure {
  /** One file is gone, which does not pass; the storage itself is there. */
  readonly isFileLost: boolean;
  readonly message: string;
  readonly hint: string;
}

interface Answer {
  /** The object, by its s3:// name where DuckDB gives it. */
  readonly target: string;
  /** Null where there was no answer at all. */
  readonly status: number | null;
  /** S3's own word, such as NoSuchBucket; an answer without a body has none. */
  readonly code: string;
  readonly text: string;
}

const NO_ANSWER = /(?:^|: )(?:IO|HTTP) Error: (.*?)(?: error)? for HTTP [A-Z]+ to '([^']*)'/;
const ANSWER = /HTTP Error: .*?((?:s3|https?):\/\/[^\s'"]*).*?\(HTTP (?:code )?(\d{3}) ?([^)\n]*)\)/;
const CODE = /\n\s*\n([A-Za-z0-9]+): ([^\n]*)/;

function readAnswer(message: string): Answer | null {
  const silence = NO_ANSWER.exec(message);
  if (silence) return { target: silence[2] ?? "", status: null, code: "", text: silence[1] ?? "" };
  const found = ANSWER.exec(message);
  if (!found) return null;
  const [, code = "", text = ""] = CODE.exec(message) ?? [];
  // "Unable to connect to URL s3://bucket/file: Forbidden": the colon is DuckDB's.
  const target = (found[1] ?? "").replace(/:$/, "");
  return { target, status: Number(found[2]), code, text: text || (found[3] ?? "") };
}

const SECRET =
  "access-key-id, secret-access-key and session-token in the Secret that pgTrickle.lake.s3.credentialsSecret names (LAKE_INIT_FILE without the chart)";
const RESTART = "They are read when the engine starts: restart its pod.";

interface Kind {
  readonly isIt: (answer: Answer) => boolean;
  readonly what: string;
  readonly hint: string;
}

const KEY_CODES = /^(?:InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken|InvalidToken|TokenRefreshRequired)$/;
const REGION_CODES = /^(?:AuthorizationHeaderMalformed|PermanentRedirect|IllegalLocationConstraintException)$/;

export const FILE_LOST_HINT =
  "A data file of the lake is lost: something other than the lake has removed it. Restore it from a backup or the bucket's versions; snapshots that do not need it can still be read, and strategy Journal of a rewind reads no file.";

/** Said of a GET alone: the answer to a HEAD has no body, and so does not tell a file from its bucket. */
const LOST: Kind = {
  isIt: ({ code }) => code === "NoSuchKey",
  what: "a data file of the lake is not there",
  hint: FILE_LOST_HINT,
};

// Order matters: S3's own word before the status.
const KINDS: readonly Kind[] = [
  {
    isIt: ({ status, text }) => status === null && /SSL|TLS|certificate/i.test(text),
    what: "no TLS connection to the lake's storage",
    hint: "For a service without TLS set pgTrickle.lake.s3.useSsl: false. Otherwise its certificate has to name the endpoint; an authority that not everybody knows goes into pgTrickle.lake.s3.caSecret.",
  },
  {
    isIt: ({ status }) => status === null,
    what: "the lake's storage does not answer",
    hint: "Nothing was committed; scheduled refreshes go on by themselves once it is back. If it never answered, check pgTrickle.lake.s3.endpoint, .urlStyle (path for most that are not AWS), and what the network lets through.",
  },
  {
    isIt: ({ code, status }) => KEY_CODES.test(code) || status === 401,
    what: "the lake's storage refuses the access key",
    hint: `Correct ${SECRET}. ${RESTART}`,
  },
  {
    isIt: ({ code, status }) => REGION_CODES.test(code) || status === 301,
    what: "the lake's storage expects another region",
    hint: "Correct pgTrickle.lake.s3.region.",
  },
  {
    isIt: ({ status }) => status === 403,
    what: "the lake's storage denies access",
    hint: `The key is wrong, or it lacks a right: it needs s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket. See ${SECRET}. ${RESTART}`,
  },
  {
    isIt: ({ code }) => code === "NoSuchBucket",
    what: "the lake's bucket does not exist",
    hint: "Create it, or correct pgTrickle.lake.s3.bucket and .endpoint. Nothing was committed.",
  },
  LOST,
  {
    isIt: ({ status }) => status === 404,
    what: "a data file of the lake, or its whole bucket, is not there",
    hint: "Something other than the lake has removed it: restore the bucket, or the file from the bucket's versions or a backup. Snapshots that do not need the file can still be read.",
  },
];

const OTHER: Kind = {
  isIt: () => true,
  what: "the lake's storage fails",
  hint: "Nothing was committed; scheduled refreshes are tried again by themselves. See the service's own log.",
};

/** One file is not there; not a bucket, or a key's right to it. */
export function isMissingInStorage(message: string): boolean {
  const answer = readAnswer(message);
  return answer?.status === 404 && answer.code !== "NoSuchBucket";
}

/** Null where the message is about something else. */
export function readStorageFailure(message: string): StorageFailure | null {
  const answer = readAnswer(message);
  if (answer === null) return null;
  const kind = KINDS.find(({ isIt }) => isIt(answer)) ?? OTHER;
  const status = answer.status === null ? "" : `HTTP ${answer.status} `;
  const said = `${status}${answer.code || answer.text}`.trim();
  // The query of a URL may carry a signature.
  const told = `${kind.what}: ${said}, ${answer.target.replace(/\?.*$/, "")}`;
  return { message: told, hint: kind.hint, isFileLost: kind === LOST };
}
