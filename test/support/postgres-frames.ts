/** The frames of PostgreSQL's protocol 3, as far as a proxy has to know them: pure. */

export interface Frame {
  /** Empty for the untyped first messages of a client. */
  readonly type: string;
  readonly bytes: Buffer;
}

const CANCEL_REQUEST = 80_877_102;
const SSL_REQUEST = 80_877_103;
const GSS_REQUEST = 80_877_104;
const TYPED_HEADER = 5;

export type FirstMessage = "startup" | "encryption" | "cancel";

/** What the first, untyped message of a client asks for. */
export function firstMessage(frame: Frame): FirstMessage {
  const code = frame.bytes.readInt32BE(4);
  if (code === SSL_REQUEST || code === GSS_REQUEST) return "encryption";
  return code === CANCEL_REQUEST ? "cancel" : "startup";
}

/** Cuts bytes into frames. */
export class FrameSplitter {
  #rest = Buffer.alloc(0);
  /** A client's frames have no type until its startup message is through. */
  isTyped: boolean;

  constructor(isTyped: boolean) {
    this.isTyped = isTyped;
  }

  push(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
  }

  /** The next whole frame, if there is one. */
  next(): Frame | undefined {
    const header = this.isTyped ? TYPED_HEADER : TYPED_HEADER - 1;
    if (this.#rest.length < header) return undefined;
    const size = this.#rest.readInt32BE(header - 4) + header - 4;
    if (this.#rest.length < size) return undefined;
    const bytes = this.#rest.subarray(0, size);
    this.#rest = this.#rest.subarray(size);
    return { type: this.isTyped ? String.fromCharCode(bytes[0] ?? 0) : "", bytes };
  }
}

function texts(bytes: Buffer, count: number): string[] {
  return bytes.subarray(TYPED_HEADER).toString("utf8").split("\0", count);
}

/** Statements of a batch of a client's frames: of Query, of Parse, and of Bind to a statement that was parsed before. */
export class StatementReader {
  readonly #named = new Map<string, string>();

  read(batch: readonly Frame[]): string {
    return batch.flatMap((frame) => this.#statement(frame)).join("; ");
  }

  #statement({ type, bytes }: Frame): string[] {
    if (type === "Q") return texts(bytes, 1);
    if (type === "P") {
      const [name = "", text = ""] = texts(bytes, 2);
      this.#named.set(name, text);
      return [];
    }
    if (type !== "B") return [];
    const [, name = ""] = texts(bytes, 2);
    return [this.#named.get(name) ?? ""];
  }
}
