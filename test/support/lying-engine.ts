/** A man in the middle between PostgreSQL and the lake engine that changes values in the engine's answers, of equal length. */
import { chmod } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { giveAway } from "../../stack/account.ts";

export interface LyingEngine {
  /** From now on answers that contain `truth` say `lie` instead: all of them, or only so many. */
  lie(truth: string, lie: string, times?: number): void;
  beHonest(): void;
  close(): Promise<void>;
}

function replaced(chunk: Buffer, truth: string, lie: string): Buffer {
  // Latin-1 keeps each byte, so that lengths in the protocol stay right.
  return Buffer.from(chunk.toString("latin1").replaceAll(truth, lie), "latin1");
}

/** Listens on a socket of its own below `socketDir` under `port`, and passes everything on to the engine's. */
export async function startLyingEngine(socketDir: string, enginePort: number, port: number): Promise<LyingEngine> {
  let words: { readonly truth: string; readonly lie: string; times: number } | undefined;
  const told = (chunk: Buffer): Buffer => {
    if (!words || words.times === 0 || !chunk.includes(words.truth)) return chunk;
    words.times -= 1;
    return replaced(chunk, words.truth, words.lie);
  };
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const engine = connect(join(socketDir, `.s.PGSQL.${enginePort}`));
    for (const socket of [client, engine]) {
      sockets.add(socket);
      socket.on("error", () => {});
    }
    client.pipe(engine);
    engine.on("data", (chunk) => client.write(told(chunk as Buffer)));
    engine.on("close", () => client.destroy());
    client.on("close", () => engine.destroy());
  });
  const path = join(socketDir, `.s.PGSQL.${port}`);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  await giveAway(path);
  await chmod(path, 0o777);
  return {
    lie(truth, lie, times = Number.POSITIVE_INFINITY) {
      if (truth.length !== lie.length) throw new Error("a lie must have the truth's length");
      words = { truth, lie, times };
    },
    beHonest() {
      words = undefined;
    },
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
