/** What Linux's /proc says about processes. Reads only. */
import { readdirSync, readFileSync } from "node:fs";

/** The fields of /proc/<pid>/stat behind the name, which may hold anything: state, parent, group, … */
function statFields(pid: number | string): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

/**
 * When the process started, in clock ticks since boot: tells it from a later one of the same number. Undefined for one that
 * has ended, also where nobody collects the dead.
 */
export function processStartTime(pid: number): string | undefined {
  const fields = statFields(pid);
  return fields?.[0] === "Z" ? undefined : fields?.[19];
}

function processIds(): string[] {
  return readdirSync("/proc").filter((entry) => /^\d+$/.test(entry));
}

/** The groups that still have a member that runs; in a container nobody may ever collect the dead ones. */
export function livingGroups(): Set<number> {
  const groups = new Set<number>();
  for (const entry of processIds()) {
    const fields = statFields(entry);
    if (fields && fields[0] !== "Z") groups.add(Number(fields[2]));
  }
  return groups;
}

/** The processes that this one has started and that run. */
export function childrenOf(pid: number): number[] {
  return processIds()
    .filter((entry) => {
      const fields = statFields(entry);
      return fields?.[1] === String(pid) && fields[0] !== "Z";
    })
    .map(Number);
}
