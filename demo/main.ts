// `make demo`: starts the stack, plays the incident, stops the stack. Exits 0 only if every claim was checked and held.

import { terminalProgress } from "../tools/progress.ts";
import { createLedger } from "./claims.ts";
import { playIncident } from "./incident.ts";
import { choosePalette } from "./render.ts";
import { createScreen } from "./screen.ts";
import { type DemoStack, LOG_DIR, startDemoStack } from "./stack.ts";
import { openWitness } from "./witness.ts";

const palette = choosePalette(process.stdout, process.env);
const write = (text: string) => {
  process.stdout.write(text);
};

async function play(stack: DemoStack): Promise<number> {
  const ledger = createLedger();
  const screen = createScreen(write, palette);
  await playIncident({ stack, witness: await openWitness(stack.database), screen, ledger });
  const { claims, failed } = ledger;
  if (failed.length === 0) {
    write(`\n${palette.good(`✓ ${claims.length} claims, all checked.`)} make up leaves this stack running for you.\n`);
    return 0;
  }
  write(`\n${palette.bad(`✗ ${failed.length} of ${claims.length} claims did not hold:`)}\n`);
  for (const { text, problems } of failed) {
    write(`    ${text}: ${problems.join("; ")}\n`);
  }
  return 1;
}

async function main(): Promise<number> {
  write(`${palette.bold("streamtable-rewind")}: an incident, rolled back\n`);
  const stack = await startDemoStack(terminalProgress());
  const interrupt = () => {
    void stack.stop().finally(() => process.exit(130));
  };
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  try {
    return await play(stack);
  } finally {
    await stack.stop();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  write(`\n${palette.bad("✗")} ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
if (process.exitCode !== 0) {
  write(`    The logs are in ${LOG_DIR}\n`);
}
