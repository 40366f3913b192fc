// Entry point: the watchdog parent. It starts the engine, asks it through its socket whether it lives, kills it when it
// does not answer and starts the next one. It does nothing else, so that nothing can freeze it.
import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { type Logger, pino } from "pino";
import { type Config, ConfigError, readConfig, threadPoolSize } from "./config.ts";
import { pingEngine } from "./ping.ts";
import { type EngineLife, failuresAfter, isDead, PING_EVERY_MS, restartDelayMs, SILENT_LIMIT_MS } from "./watchdog.ts";

/** After SIGTERM a healthy engine is gone in milliseconds; one that is not would keep its container waiting. */
const STOP_LIMIT_MS = 10_000;

class Watchdog {
  readonly #config: Config;
  readonly #logger: Logger;
  readonly #socketPath: string;
  #child: ChildProcess | null = null;
  #life: EngineLife = { startedAtMs: 0, readyAtMs: null, lastAnswerAtMs: null };
  #failures = 0;
  #isStopping = false;
  #isPinging = false;

  constructor(config: Config, logger: Logger) {
    this.#config = config;
    this.#logger = logger;
    this.#socketPath = join(config.socketDirectory, `.s.PGSQL.${config.port}`);
  }

  start(): void {
    this.#spawn();
    setInterval(() => void this.#check(), PING_EVERY_MS);
  }

  stop(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    if (this.#child === null) process.exit(0);
    // A stopped process takes SIGTERM only after SIGCONT.
    this.#child.kill("SIGTERM");
    this.#child.kill("SIGCONT");
    setTimeout(() => this.#child?.kill("SIGKILL"), STOP_LIMIT_MS);
  }

  #spawn(): void {
    const child = fork(join(import.meta.dirname, "engine.ts"), [], {
      env: { ...process.env, UV_THREADPOOL_SIZE: String(threadPoolSize(this.#config)) },
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.#child = child;
    this.#life = { startedAtMs: performance.now(), readyAtMs: null, lastAnswerAtMs: null };
    child.on("message", () => this.#ready(child));
    child.on("exit", (code, signal) => this.#exited(code, signal));
  }

  #ready(child: ChildProcess): void {
    this.#life = { ...this.#life, readyAtMs: performance.now() };
    const { port, socketDirectory: socketDir, listen } = this.#config;
    this.#logger.info({ port, socketDir, listen, enginePid: child.pid }, "lake engine is ready");
  }

  async #check(): Promise<void> {
    if (this.#child === null || this.#isStopping) return;
    if (isDead(this.#life, performance.now())) {
      this.#logger.warn({ enginePid: this.#child.pid }, "lake engine does not answer: killing it");
      this.#child.kill("SIGKILL");
      return;
    }
    if (this.#life.readyAtMs === null || this.#isPinging) return;
    this.#isPinging = true;
    const asked = this.#child;
    const isAlive = await pingEngine(this.#socketPath, SILENT_LIMIT_MS / 2);
    this.#isPinging = false;
    if (isAlive && asked === this.#child) this.#life = { ...this.#life, lastAnswerAtMs: performance.now() };
  }

  #exited(code: number | null, signal: NodeJS.Signals | null): void {
    this.#child = null;
    if (this.#isStopping) process.exit(0);
    this.#failures = failuresAfter(this.#life, this.#failures, performance.now());
    const delayMs = restartDelayMs(this.#failures);
    this.#logger.warn({ code, signal, delayMs }, "lake engine has ended: starting it again");
    setTimeout(() => {
      if (!this.#isStopping) this.#spawn();
      else process.exit(0);
    }, delayMs);
  }
}

function main(): void {
  let config: Config;
  try {
    config = readConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`lake engine: bad configuration\n${error.message}\n`);
    process.exit(2);
  }
  const watchdog = new Watchdog(
    config,
    pino({ level: config.logLevel, name: "lake", timestamp: pino.stdTimeFunctions.isoTime }),
  );
  process.on("SIGTERM", () => watchdog.stop());
  process.on("SIGINT", () => watchdog.stop());
  watchdog.start();
}

main();
