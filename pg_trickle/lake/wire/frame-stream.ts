// Incoming bytes of a socket as frames that are waited for. It goes on reading while a statement runs, because the end of
// the stream is how a client's death shows; only a client that sends far ahead is made to wait.
import type { Duplex } from "node:stream";
import { type Frame, FrameReader } from "./frames.ts";

const AHEAD_BYTES = 4 * 1024 * 1024;

/** The client has gone; nobody is left to be told anything. */
export class StreamEndedError extends Error {
  override readonly name = "StreamEndedError";
}

export class FrameStream {
  readonly reader = new FrameReader();
  readonly #stream: Duplex;
  #wake: (() => void) | null = null;
  #ended = false;
  readonly #onData = (chunk: Buffer): void => {
    this.reader.push(chunk);
    if (this.#wake === null && this.reader.bufferedBytes > AHEAD_BYTES) this.#stream.pause();
    this.#wake?.();
  };
  readonly #onEnd = (): void => {
    this.#ended = true;
    this.#wake?.();
  };

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.on("data", this.#onData);
    stream.on("end", this.#onEnd);
    stream.on("close", this.#onEnd);
  }

  startup(): Promise<Buffer> {
    return this.#wait(() => this.reader.startup());
  }

  next(): Promise<Frame> {
    return this.#wait(() => this.reader.next());
  }

  /** Before the stream is handed to TLS. Bytes that came too early are an attack, not a handshake. */
  release(): void {
    this.#stream.off("data", this.#onData);
    this.#stream.off("end", this.#onEnd);
    this.#stream.off("close", this.#onEnd);
  }

  async #wait<T>(read: () => T | null): Promise<T> {
    for (;;) {
      const item = read();
      if (item !== null) return item;
      if (this.#ended) throw new StreamEndedError("the client has closed the connection");
      this.#stream.resume();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
  }
}
