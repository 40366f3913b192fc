import { afterAll, expect, test } from "vitest";
import { openPageShell } from "./page-shell.ts";

const shells: { end(): void }[] = [];
const open = () => {
  const shell = openPageShell("/", process.env);
  shells.push(shell);
  return shell;
};

afterAll(() => {
  for (const shell of shells) shell.end();
});

test("a block finds what the one before has set, and nothing to read", async () => {
  const shell = open();
  expect(await shell.run('name=world\ngreet() { cat; echo "hello $name"; }')).toBe("");
  expect(await shell.run("greet\ngreet <<'END'\nindeed\nEND")).toBe("hello world\nindeed\nhello world\n");
});

test("a command that fails ends the page, with what it said", async () => {
  const shell = open();
  await expect(shell.run("echo before; ls /nowhere | cat; echo after")).rejects.toThrow(/before[\s\S]*nowhere/);
  await expect(shell.run("echo more")).rejects.toThrow("a command failed");
});
