import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KubectlBinary } from "../conformance/kubectl-binary.ts";

/** The compiled command line. */
export const CLI: string = join(import.meta.dirname, "../../dist/main/cli.js");

/** A program that is taken for kubectl: the verbs that Sluice has are its own, the others a real kubectl's. */
export class SluiceAsKubectl implements Disposable {
  readonly binary: KubectlBinary;
  readonly #folder = mkdtempSync(join(tmpdir(), "sluice-kubectl-"));

  constructor(real: KubectlBinary) {
    const path = join(this.#folder, "kubectl");
    writeFileSync(path, SCRIPT.replace("NODE", process.execPath).replace("CLI", CLI).replace("REAL", real.path));
    chmodSync(path, 0o755);
    this.binary = { path, minor: real.minor };
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

const SCRIPT = `#!/bin/sh
sluice() { exec NODE CLI --kubeconfig "$KUBECONFIG" "$@"; }
case "$1 $2" in
  "apply "*-last-applied | "rollout history "*--revision*) ;;
  "apply "* | "get "* | "delete "* | "scale "* | "logs "* | "rollout "* | "label "* | "annotate "* | "set image") sluice "$@" ;;
esac
exec REAL "$@"
`;
