// `make picture`: plays the incident as `make demo` does, and draws docs/rollback.svg from what it has printed.

import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { terminalProgress } from "../tools/progress.ts";
import { createLedger } from "./claims.ts";
import { playIncident } from "./incident.ts";
import { pictureLines, renderPicture } from "./picture.ts";
import { choosePalette } from "./render.ts";
import { createScreen } from "./screen.ts";
import { LOG_DIR, startDemoStack } from "./stack.ts";
import { openWitness } from "./witness.ts";

const PICTURE = fileURLToPath(new URL("../docs/rollback.svg", import.meta.url));
const TITLE =
  "A bad batch of events, the rollback by kubectl apply, and the stream table before, rewound, and replayed";

async function play(): Promise<string> {
  const stack = await startDemoStack(terminalProgress());
  try {
    let output = "";
    const screen = createScreen((text) => (output += text), choosePalette({ isTTY: true }, {}));
    const ledger = createLedger();
    await playIncident({ stack, witness: await openWitness(stack.database), screen, ledger });
    const [broken] = ledger.failed;
    if (broken !== undefined)
      throw new Error(`no picture of a claim that does not hold: ${broken.text}; logs: ${LOG_DIR}`);
    return output;
  } finally {
    await stack.stop();
  }
}

await writeFile(PICTURE, renderPicture(pictureLines(await play()), TITLE));
