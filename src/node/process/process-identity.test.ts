import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { bootId, identityOf, isAlive, signalProcess } from "./process-identity.ts";

test("a process is only itself", async () => {
  const child = spawn("sleep", ["60"]);
  await once(child, "spawn");
  const identity = identityOf(child.pid!)!;
  expect(isAlive(identity)).toBe(true);
  expect(signalProcess({ ...identity, startTicks: identity.startTicks + 1 }, "SIGKILL")).toBe(false);
  expect(signalProcess(identity, "SIGKILL")).toBe(true);
  await once(child, "exit");
  expect(isAlive(identity)).toBe(false);
  expect(signalProcess(identity, "SIGKILL")).toBe(false);
});

test("a zombie is not alive", async () => {
  // The shell does not wait for its child before it has become something else.
  const child = spawn("sh", ["-c", "sleep 0.1 & echo $!; exec sleep 60"]);
  const [chunk] = (await once(child.stdout, "data")) as [Buffer];
  const zombie = Number(chunk.toString());
  const startTicks = identityOf(zombie)?.startTicks ?? 0;
  await expect.poll(() => isAlive({ pid: zombie, startTicks })).toBe(false);
  expect(identityOf(zombie)).toBeDefined();
  child.kill("SIGKILL");
  await once(child, "exit");
});

test("knows the boot", () => expect(bootId()).toMatch(/^[0-9a-f-]{36}$/));
