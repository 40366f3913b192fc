// In which order the .sql files are joined: as listed, and no file may be left out or be listed in vain.
import type { SqlModule } from "./modules.ts";

/** Paths such as `refresh/publish.sql`, in the order of the list. `found`: those that there are. */
export function orderSources(modules: readonly SqlModule[], found: readonly string[]): string[] {
  const listed = modules.flatMap(({ name, files }) => files.map((file) => `${name}/${file}.sql`));
  const unlisted = found.filter((path) => !listed.includes(path));
  if (unlisted.length > 0) {
    throw new Error(
      `pg_trickle/extension/sql/${unlisted.join(", ")}: not installed by anything; list it in pg_trickle/extension/modules.ts, after what it needs when it is created`,
    );
  }
  const missing = listed.filter((path) => !found.includes(path));
  if (missing.length > 0) {
    throw new Error(
      `pg_trickle/extension/modules.ts lists ${missing.join(", ")}, and there is no such file below pg_trickle/extension/sql`,
    );
  }
  const repeated = listed.find((path, i) => listed.indexOf(path) !== i);
  if (repeated !== undefined) {
    throw new Error(`pg_trickle/extension/modules.ts lists ${repeated} twice; it can be installed once`);
  }
  return listed;
}
