// Bytes to one client: small replies are gathered, and nobody may write faster than the client reads.
import type { Duplex } from "node:stream";

const GATHER_BYTES = 16 * 1024;

export class Output {
  readonly #stream: Duplex;
  #gathered: Buffer[] = [];
  #sizeBytes = 0;

  constructor(stream: Duplex) {
    this.#stream = stream;
  }

  async write(bytes: Buffer): Promise<void> {
    if (bytes.length === 0) return;
    this.#gathered.push(bytes);
    this.#sizeBytes += bytes.length;
    if (this.#sizeBytes >= GATHER_BYTES) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#sizeBytes === 0 || this.#stream.destroyed) return;
    const bytes = Buffer.concat(this.#gathered);
    this.#gathered = [];
    this.#sizeBytes = 0;
    if (!this.#stream.write(bytes)) await this.#drained();
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const ready = () => {
        this.#stream.off("drain", ready);
        this.#stream.off("close", ready);
        resolve();
      };
      this.#stream.once("drain", ready);
      this.#stream.once("close", ready);
    });
  }
}
