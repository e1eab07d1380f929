import { afterAll, beforeAll, expect, test } from "vitest";
import { findKubectls } from "../conformance/kubectl-binary.ts";
import { expectedOutput, isTimed, kubectlCases } from "../conformance/kubectl-case.ts";
import { KubectlSession } from "../conformance/kubectl-session.ts";
import { Normaliser } from "../conformance/normaliser.ts";
import { SluiceAsKubectl } from "../support/sluice-as-kubectl.ts";
import { TestEngine } from "../support/test-engine.ts";

/**
 * Golden cases of the newest kubectl with our own client in its place, for the verbs that it has. The steps that are named are
 * not compared: they use what the client does not offer, or say on purpose something else.
 */
const CASES: Readonly<Record<string, readonly number[]>> = {
  "001-apply-create-configured-unchanged": [],
  "002-apply-three-way": [],
  "004-ssa-basic": [],
  "005-ssa-conflict": [],
  "007-ssa-two-managers": [],
  "008-apply-sources": [],
  "009-apply-last-applied-commands": [],
  "010-apply-bad-namespace": [],
  "011-apply-dry-run": [],
  "015-apply-service-ports": [],
  // Columns from a file, Go templates; the list of formats.
  "040-get-outputs": [11, 12, 17, 19],
  "041-get-selectors": [],
  // What no object has is no reason to show none of them.
  "042-get-sort": [4],
  "043-get-missing": [],
  // delete --raw
  "045-get-raw": [9],
  // --output-watch-events, --request-timeout
  "046-get-watch": [3, 6],
  // --chunk-size
  "047-get-chunks": [2, 3, 4],
  "048-get-pods-tables": [],
  "049-get-pending-pod": [],
  // -o
  "052-label": [15],
  "053-annotate": [10, 11],
  // --revision
  "070-rollout-happy": [7, 8],
  "071-rollout-stuck": [],
  "073-rollout-pause-resume": [],
  // StatefulSets
  "074-rollout-restart": [2, 4, 6],
  "076-rollout-recreate": [],
  // --resource-version, -o
  "077-scale": [10, 15],
  // --local
  "078-set-commands": [19],
  "081-replicaset-adoption": [],
  "100-delete": [],
  // The words for a wrong policy, and the old form of it.
  "101-delete-cascade": [12, 13],
  "103-delete-pod-force": [],
};

const real = findKubectls().at(-1);
const normaliser = new Normaliser();
let engine: TestEngine;

beforeAll(async () => {
  engine = await TestEngine.start();
});
afterAll(() => engine[Symbol.asyncDispose]());

if (real === undefined) {
  const run = process.env["CI"] === "true" ? test : test.skip;
  run("real kubectl, for the verbs that sluice does not have: none on PATH or in $KUBECTL", () => {
    expect(real).toBeDefined();
  });
} else {
  const client = new SluiceAsKubectl(real);
  let session: KubectlSession;
  beforeAll(() => {
    session = new KubectlSession(client.binary, engine.kubeconfig, normaliser);
  });
  afterAll(() => {
    session[Symbol.dispose]();
    client[Symbol.dispose]();
  });
  for (const golden of kubectlCases().filter(({ id }) => CASES[id])) {
    const run = isTimed(golden) ? test : test.concurrent;
    run(`${golden.id}: ${golden.title}`, async () => {
      const outputs = await session.run(golden);
      const compared = golden.steps.flatMap(({ run, record }, i) =>
        record === false || CASES[golden.id]?.includes(i + 1) ? [] : [{ step: i + 1, run }],
      );
      const got = compared.map(({ step, run }) => ({ step, run, ...outputs[step - 1]! }));
      expect(got).toEqual(compared.map(({ step, run }) => ({ step, run, ...expectedOutput(golden, "1.36", step) })));
    });
  }
}
