// Writes docs/reference/, docs/queries.md and the rows of functions in docs/sql.md (`make generate`). Needs no database.
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { createMetrics } from "../../operator/telemetry/metrics.ts";
import { splitStatements } from "../../pg_trickle/extension/sql-statements.ts";
import { METRICS } from "../../pg_trickle/scheduler/metrics.ts";
import { type Crd, crdPage } from "./crd-page.ts";
import { errorsPage } from "./errors-page.ts";
import { type AlertFile, metricsPage } from "./metrics-page.ts";
import { queriesPage } from "./queries-page.ts";
import { publicFunctions, sqlPage, withFunctionRows } from "./sql-page.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const read = (...path: string[]) => readFile(join(ROOT, ...path), "utf8");

async function extensionStatements(): Promise<string[]> {
  const folder = join("pg_trickle", "extension", "sql");
  const files = (await readdir(join(ROOT, folder), { recursive: true })).filter((name) => name.endsWith(".sql"));
  const texts = await Promise.all(files.sort().map((file) => read(folder, file)));
  return texts.flatMap(splitStatements);
}

const crd = parse(await read("crds", "pgtrickle.dev_streamtablerewinds.yaml")) as Crd;
const alerts = parse(
  await read("helm", "streamtable-rewind", "files", "alerts", "streamtable-rewind.yaml"),
) as AlertFile;
const sql = withFunctionRows(await read("docs", "sql.md"), publicFunctions(await extensionStatements()));
const operator = createMetrics({ processMetrics: false }).registry.getMetricsAsArray();

const pages: Readonly<Record<string, string>> = {
  "queries.md": queriesPage(),
  "sql.md": sql,
  "reference/crd.md": crdPage(crd),
  "reference/errors.md": errorsPage(),
  "reference/metrics.md": metricsPage({ operator, scheduler: METRICS, alerts }),
  "reference/sql.md": sqlPage(sql),
};

await mkdir(join(ROOT, "docs", "reference"), { recursive: true });
for (const [name, text] of Object.entries(pages)) await writeFile(join(ROOT, "docs", name), text);
