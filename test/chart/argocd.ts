/**
 * Argo CD with the ConfigMap of examples/gitops: what it shows of an object, which actions it offers, and the patch that an
 * action becomes. Each step as in its util/lua and RunResourceAction.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { mergePatch } from "../../operator/kube/merge-patch.ts";
import { type LuaAnswer, runLua } from "./lua.ts";

type Json = Readonly<Record<string, unknown>>;

interface Customizations {
  readonly health: string;
  readonly discovery: string;
  readonly actions: Readonly<Record<string, string>>;
}

const CONFIG_MAP = fileURLToPath(new URL("../../examples/gitops/argocd/argocd-cm.yaml", import.meta.url));
const KIND = "pgtrickle.dev_StreamTableRewind";

function readCustomizations(): Customizations {
  const { data } = parse(readFileSync(CONFIG_MAP, "utf8")) as { data: Readonly<Record<string, string>> };
  const actions = parse(data[`resource.customizations.actions.${KIND}`] ?? "") as {
    "discovery.lua": string;
    definitions: readonly { name: string; "action.lua": string }[];
  };
  return {
    health: data[`resource.customizations.health.${KIND}`] ?? "",
    discovery: actions["discovery.lua"],
    actions: Object.fromEntries(actions.definitions.map((one) => [one.name, one["action.lua"]])),
  };
}

export const customizations = readCustomizations();

function checked(answer: LuaAnswer | undefined): unknown {
  if (answer === undefined) throw new Error("Lua gave no answer");
  if ("error" in answer) throw new Error(answer.error);
  return answer.value;
}

export interface Health {
  readonly status: string;
  readonly message: string;
}

export async function healthOf(objects: readonly unknown[]): Promise<readonly Health[]> {
  const answers = await runLua(objects.map((object) => ({ script: customizations.health, object })));
  return answers.map((answer) => checked(answer) as Health);
}

/** Names of the actions that are not greyed out. */
export async function offeredActions(objects: readonly unknown[]): Promise<readonly (readonly string[])[]> {
  const answers = await runLua(objects.map((object) => ({ script: customizations.discovery, object })));
  return answers.map((answer) =>
    Object.entries(checked(answer) as Readonly<Record<string, { readonly disabled?: boolean }>>)
      .filter(([, { disabled }]) => disabled !== true)
      .map(([name]) => name)
      .sort(),
  );
}

const isMap = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);

/** An empty table of Lua may have been a list or an object: as it was before. */
function cleaned(answer: unknown, before: unknown): unknown {
  if (Array.isArray(answer)) {
    if (answer.length === 0 && isMap(before)) return before;
    return Array.isArray(before) ? answer.map((item, index) => cleaned(item, before[index])) : answer;
  }
  if (!isMap(answer) || !isMap(before)) return answer;
  return Object.fromEntries(Object.entries(answer).map(([key, value]) => [key, cleaned(value, before[key])]));
}

/** The merge patch that Argo CD would send; undefined if the action changes nothing. Throws what the action raises. */
export async function patchOf(action: string, object: unknown): Promise<Json | undefined> {
  const script = customizations.actions[action];
  if (script === undefined) throw new Error(`there is no action ${action}`);
  const [answer] = await runLua([{ script, object }]);
  return mergePatch(object, cleaned(checked(answer), object));
}
