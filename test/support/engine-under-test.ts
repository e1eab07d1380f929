import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ApiClient } from "../../src/client/api-client.ts";
import { HttpsClient } from "../../src/client/https-client.ts";
import { readKubeconfig } from "../../src/client/kubeconfig.ts";
import { Transport } from "../../src/client/transport.ts";
import { sleep } from "../../src/lib/clock.ts";
import { removeTree } from "../../src/node/process/remove-tree.ts";
import { systemClock as clock } from "../../src/main/system-clock.ts";

/** The program as it is installed. */
export const SLUICE: string = join(import.meta.dirname, "../../bin/sluice");

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `sluice ARGS` with a home. */
export function sluice(home: string, ...args: readonly string[]): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(SLUICE, args, {
      env: { ...process.env, SLUICE_HOME: home },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => void (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => void (stderr += text));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? 1, stdout, stderr }));
  });
}

interface EngineStatus {
  readonly ready: boolean;
  readonly processes: readonly { readonly name: string; readonly pid: number | null; readonly phase: string }[];
  readonly api: { readonly url: string } | null;
}

/** The whole engine as a user has it, on a home of its own that goes with it. */
export class EngineUnderTest implements AsyncDisposable {
  readonly home: string = mkdtempSync(join(tmpdir(), "sluice-e2e-"));
  #transport: Transport | undefined;

  /** `args`: more of `sluice up`. */
  static async start(...args: readonly string[]): Promise<EngineUnderTest> {
    const engine = new EngineUnderTest();
    try {
      await engine.sluice("up", ...args);
      return engine;
    } catch (error) {
      await engine[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** A command that must succeed; returns what it printed. */
  async sluice(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await sluice(this.home, ...args);
    if (code !== 0) throw new Error(`sluice ${args.join(" ")} ended with ${code}: ${stderr}${stdout}`);
    return stdout;
  }

  async status(): Promise<EngineStatus> {
    return JSON.parse((await sluice(this.home, "status", "-o", "json")).stdout) as EngineStatus;
  }

  async pid(name: string): Promise<number> {
    const { pid } = (await this.status()).processes.find((process) => process.name === name) ?? {};
    if (typeof pid !== "number") throw new Error(`${name} does not run`);
    return pid;
  }

  /** Kills a process of the engine with SIGKILL and waits until another one is ready in its place. */
  async kill(name: string): Promise<void> {
    const pid = await this.pid(name);
    process.kill(pid, "SIGKILL");
    await eventually(`another ${name} is ready`, async () =>
      (await this.status()).processes.some((each) => each.name === name && each.pid !== pid && each.phase === "ready"),
    );
  }

  /** A client of the administrator. */
  async client(): Promise<ApiClient> {
    this.#transport ??= new Transport((await readKubeconfig(join(this.home, "kubeconfig"))).endpoint, "sluice-e2e");
    return new HttpsClient(this.#transport);
  }

  log(name: string): string {
    return readFileSync(join(this.home, `logs/${name}.log`), "utf8");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#transport?.[Symbol.dispose]();
    await sluice(this.home, "down");
    removeTree(this.home);
  }
}

/**
 * Looks again and again until `look` finds something; a condition of another process tells nobody when it comes true. `state` is
 * told when that does not happen in time.
 */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  { timeout = 60_000, state }: { readonly timeout?: number; readonly state?: () => Promise<string> } = {},
): Promise<T> {
  const end = clock.monotonic() + timeout;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (clock.monotonic() > end)
      throw new Error(`waited ${timeout / 1000} s in vain until ${what}${state ? `:\n${await state()}` : ""}`);
    await sleep(clock, 100);
  }
}
