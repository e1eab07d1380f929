import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestEngine } from "../support/test-engine.ts";
import { findKubectls } from "./kubectl-binary.ts";
import { appliesTo, expectedOutput, isTimed, type KubectlCase, kubectlCases, type Output } from "./kubectl-case.ts";
import { KubectlSession, sortedLines } from "./kubectl-session.ts";
import { Normaliser } from "./normaliser.ts";
import { PassingCases } from "./passing.ts";

/** What kubectl printed against a real cluster, run against the engine with every recorded kubectl that is found. */

const kubectls = findKubectls();
const passing = new PassingCases("kubectl");
const cases = kubectlCases().filter((golden) => passing.has(golden));
const normaliser = new Normaliser();

let engine: TestEngine;

beforeAll(async () => {
  engine = await TestEngine.start();
});
afterAll(() => engine[Symbol.asyncDispose]());

if (kubectls.length === 0) {
  const run = process.env["CI"] === "true" ? test : test.skip;
  run("real kubectl: none of 1.27, 1.30, 1.33, 1.36 on PATH, beside it or in $KUBECTL", () => {
    expect(kubectls).not.toHaveLength(0);
  });
}

describe.each(kubectls)("kubectl $minor", (kubectl) => {
  let session: KubectlSession;
  beforeAll(() => {
    session = new KubectlSession(kubectl, engine.kubeconfig, normaliser);
  });
  afterAll(() => session[Symbol.dispose]());

  for (const golden of cases.filter((each) => appliesTo(each, kubectl.minor))) {
    const run = isTimed(golden) ? test : test.concurrent;
    run(`${golden.id}: ${golden.title}`, async () => {
      const outputs = await session.run(golden);
      const got = recorded(golden, outputs);
      const wanted = recorded(
        golden,
        golden.steps.map((_, i) => expectedOutput(golden, kubectl.minor, i + 1)),
      );
      passing.note(golden, got, wanted, kubectl.minor);
      expect(got).toEqual(wanted);
    });
  }
});

/** The outputs of the steps that are compared, under the commands that gave them. */
function recorded({ steps }: KubectlCase, outputs: readonly Output[]): readonly (Output & { readonly run: string })[] {
  return steps.flatMap(({ run, record }, i) => {
    if (record === false) return [];
    const output = outputs[i]!;
    return [{ run, ...output, stdout: isShuffled(run) ? sortedLines(output.stdout) : output.stdout }];
  });
}

/** Some versions of kubectl describe the keys of a ConfigMap or Secret as Go's map gives them: in another order each time. */
function isShuffled(run: string): boolean {
  return /^kubectl describe (cm|secret)\b/.test(run);
}
