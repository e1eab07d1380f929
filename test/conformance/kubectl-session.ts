import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parse, stringify } from "yaml";
import { systemClock } from "../../src/main/system-clock.ts";
import { sleep } from "../../src/lib/clock.ts";
import type { KubectlBinary } from "./kubectl-binary.ts";
import type { KubectlCase, Output, WaitFor } from "./kubectl-case.ts";
import { caseNamespace, type Normaliser } from "./normaliser.ts";

const STEP_SECONDS = 120;
const WAIT_SECONDS = 40;
/** How often a condition is looked at, in milliseconds. */
const POLL = 100;

/** Runs golden cases with one kubectl against one server. */
export class KubectlSession implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "sluice-golden-"));
  readonly #kubeconfig: Kubeconfig;
  readonly #normaliser: Normaliser;

  constructor(kubectl: KubectlBinary, kubeconfig: string, normaliser: Normaliser) {
    this.#kubeconfig = parse(readFileSync(kubeconfig, "utf8")) as Kubeconfig;
    this.#normaliser = normaliser;
    mkdirSync(join(this.#folder, "bin"));
    symlinkSync(kubectl.path, join(this.#folder, "bin/kubectl"));
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** What each step printed, normalised. */
  async run(golden: KubectlCase): Promise<readonly Output[]> {
    const namespace = caseNamespace();
    const work = mkdtempSync(join(this.#folder, "case-"));
    const kubeconfig = `${work}.kubeconfig`;
    const home = `${work}.home`;
    mkdirSync(home);
    writeFileSync(kubeconfig, stringify(inNamespace(this.#kubeconfig, namespace)), { mode: 0o600 });
    for (const [name, content] of Object.entries(golden.files)) {
      mkdirSync(dirname(join(work, name)), { recursive: true });
      writeFileSync(join(work, name), content.replaceAll("${NS}", namespace));
    }
    const shell = new Shell(work, this.#environment(kubeconfig, home, namespace));
    const directories = [kubeconfig, work, this.#folder];
    try {
      await shell.run("kubectl create namespace $NS");
      await shell.waitFor({ run: "kubectl get sa/default cm/kube-root-ca.crt", timeout: 20 });
      const outputs: Output[] = [];
      for (const step of golden.steps) {
        const came = step.waitFor === undefined || (await shell.waitFor(step.waitFor));
        const stdin = (step.stdin ?? "").replaceAll("${NS}", namespace);
        const output = await shell.run(step.run, stdin, step.timeout ?? STEP_SECONDS);
        const normal = (text: string): string => this.#normaliser.text(text, namespace, directories);
        const stdout = normal(output.stdout);
        outputs.push({
          stdout: step.sort ? sortedLines(stdout) : stdout,
          stderr: normal(came ? output.stderr : `(waitFor never came true)\n${output.stderr}`),
          exit: output.exit,
          ...Object.fromEntries((step.ignore ?? []).map((part) => [part, part === "exit" ? 0 : ""])),
        });
      }
      return outputs;
    } finally {
      for (const command of golden.cleanup) await shell.run(command);
      await shell.run("kubectl delete namespace $NS --wait=false --ignore-not-found");
    }
  }

  #environment(kubeconfig: string, home: string, namespace: string): Record<string, string> {
    const bin = join(this.#folder, "bin");
    return {
      PATH: `${bin}:${process.env["PATH"] ?? ""}`,
      HOME: home,
      KUBECONFIG: kubeconfig,
      KUBECTL: join(bin, "kubectl"),
      NS: namespace,
      TZ: "UTC",
      LANG: "C",
      LC_ALL: "C",
    };
  }
}

interface Kubeconfig {
  readonly contexts: readonly { readonly name: string; readonly context: object }[];
}

function inNamespace(kubeconfig: Kubeconfig, namespace: string): Kubeconfig {
  const contexts = kubeconfig.contexts.map(({ name, context }) => ({ name, context: { ...context, namespace } }));
  return { ...kubeconfig, contexts };
}

export function sortedLines(text: string): string {
  return text
    .split(/(?<=\n)/)
    .sort()
    .join("");
}

/** Commands of bash in one folder. */
class Shell {
  readonly #folder: string;
  readonly #environment: Record<string, string>;

  constructor(folder: string, environment: Record<string, string>) {
    this.#folder = folder;
    this.#environment = environment;
  }

  /** `seconds`: when they are over the command and all that it started is killed. */
  run(command: string, stdin = "", seconds = STEP_SECONDS): Promise<Output> {
    return new Promise((resolve, reject) => {
      const child = spawn("bash", ["-c", command], { cwd: this.#folder, env: this.#environment, detached: true });
      let [stdout, stderr, late] = ["", "", false];
      child.stdout.setEncoding("utf8").on("data", (text: string) => void (stdout += text));
      child.stderr.setEncoding("utf8").on("data", (text: string) => void (stderr += text));
      const cancel = systemClock.after(seconds * 1000, () => {
        late = true;
        process.kill(-child.pid!, "SIGKILL");
      });
      child.on("error", reject);
      child.on("close", (code) => {
        cancel();
        resolve({ stdout, stderr: late ? `${stderr}\n(step timed out)\n` : stderr, exit: late ? 124 : (code ?? 1) });
      });
      child.stdin.on("error", () => undefined); // a command that does not read it
      child.stdin.end(stdin);
    });
  }

  async waitFor(what: string | WaitFor): Promise<boolean> {
    const { run, stdout = "", timeout = WAIT_SECONDS } = typeof what === "string" ? { run: what } : what;
    const wanted = new RegExp(stdout, "m");
    const end = systemClock.monotonic() + timeout * 1000;
    for (;;) {
      const output = await this.run(run);
      if (output.exit === 0 && wanted.test(output.stdout)) return true;
      if (systemClock.monotonic() > end) return false;
      await sleep(systemClock, POLL);
    }
  }
}
