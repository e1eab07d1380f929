import type { Pod } from "../../../api/generated/core-v1.ts";
import type { ReleasePolicy } from "../../../api/generated/sluice-dev.ts";
import type { SmokeAction } from "../actions.ts";
import type { Draft } from "../draft.ts";
import { MEASURE_MS } from "../growth.ts";
import { knownPods } from "../new-pods.ts";
import { ensurePods, podsFor } from "../pods-for-weight.ts";
import { type Situation, readyPods } from "../situation.ts";
import { readSteps } from "../steps.ts";
import { fail, failOn } from "../verdict.ts";
import { keepSplit } from "../weights.ts";
import { holdAtStep } from "./held.ts";

const LOOK_MS = 1000;

/** Smoke requests, and testers only. Leaves to Releasing when all went well. */
export function testing(s: Situation, d: Draft, policy: ReleasePolicy): void {
  d.note({ pods: knownPods(d.progress.pods ?? [], s.freshPods, s.stablePods) });
  if (failOn(s, d, policy, false) || smokeFailed(s, d, policy)) return;
  ensurePods(s, d, podsFor(s, 0));
  keepSplit(s, d, policy, { w: 0, session: d.session, testers: true }, "testers may reach the new version");
  if (!d.progress.skipTests && !smokeDone(s, d, policy)) return;
  if (!d.progress.full && waitsToStart(s, d, policy)) return;
  const { planning } = s.view.findings.words;
  d.set({ step: 0, message: "tests passed; the first users are next", ...(planning && { planning }) });
  const steps = readSteps(policy);
  const [first] = steps.kind === "listed" ? steps.steps : [];
  if (first?.kind === "pause" && !d.progress.full) holdAtStep(d, first);
  else d.enter("Releasing", "ReleaseReleasing", d.progress.skipTests ? "promoted" : "tests passed");
}

function waitsToStart(s: Situation, d: Draft, policy: ReleasePolicy): boolean {
  const steps = readSteps(policy);
  const problem =
    steps.kind === "invalid"
      ? `${steps.problem}; waits for the policy to be mended, or promote --full`
      : s.obstacles[0]?.message;
  if (problem !== undefined) {
    d.set({ message: `tests passed, no user yet: ${problem}` });
    return true;
  }
  if (steps.kind === "listed" || s.view.findings.measured >= MEASURE_MS) return false;
  d.set({ message: "tests passed; measures the traffic to choose the first weight" });
  d.wake(d.now + LOOK_MS);
  return true;
}

/** Takes over the results that have come back. True when one of them is bad: then the release has ended. */
function smokeFailed(s: Situation, d: Draft, policy: ReleasePolicy): boolean {
  const wanted = policy.spec.smoke ?? [];
  let done = d.progress.smoke ?? [];
  // A policy that was edited in between starts the tests anew.
  if (done.some(({ get }, i) => wanted[i]?.get !== get)) done = [];
  const result = s.view.smoke.find(({ session, index }) => session === d.session && index === done.length);
  if (result && result.get === wanted[result.index]?.get) {
    const { get, pod, ok, message } = result;
    done = [...done, { get, pod, ok, ...(message !== undefined && { message }) }];
  }
  d.note({ smoke: done });
  const bad = done.find(({ ok }) => !ok);
  if (!bad) return false;
  fail(s, d, policy, {
    cause: "Smoke",
    why: `Smoke request GET ${bad.get} to pod ${bad.pod ?? ""}: ${bad.message ?? "failed"}.`,
  });
  return true;
}

/** Asks for the next smoke request, one after the other. True when all have passed. */
function smokeDone(s: Situation, d: Draft, policy: ReleasePolicy): boolean {
  const wanted = policy.spec.smoke ?? [];
  const done = d.progress.smoke?.length ?? 0;
  if (done >= wanted.length) return true;
  const action = smokeAction(s, d, policy, done);
  if (action) d.act(action);
  d.set({ message: `testing: ${done} of ${wanted.length} smoke requests passed; next GET ${wanted[done]?.get ?? ""}` });
  return false;
}

function smokeAction(s: Situation, d: Draft, policy: ReleasePolicy, index: number): SmokeAction | undefined {
  const request = policy.spec.smoke?.[index];
  const [pod] = readyPods(s.freshPods);
  const port = pod && portOf(s, pod);
  if (!request || !pod || port === undefined) return undefined;
  return {
    kind: "smoke",
    session: d.session,
    index,
    pod: pod.metadata.name,
    address: pod.status?.podIP ?? "",
    port,
    path: request.get,
    headers: { ...testerHeader(policy), ...request.headers },
    expect: {
      status: request.expect?.status ?? 200,
      ...(request.expect?.bodyContains !== undefined && { bodyContains: request.expect.bodyContains }),
    },
    why: "the new version is tried before any user is on it",
  };
}

/** The pod's port behind the first Service through which users come. */
function portOf(s: Situation, pod: Pod): number | undefined {
  const target = s.frontends[0]?.targetPort;
  if (typeof target === "number") return target;
  for (const { ports } of pod.spec.containers) {
    const named = ports?.find(({ name }) => name === target);
    if (named) return named.containerPort;
  }
  return undefined;
}

/** Smoke requests are tests: services that treat testers otherwise are to know. */
function testerHeader(policy: ReleasePolicy): Readonly<Record<string, string>> {
  const header = policy.spec.testers?.[0]?.header;
  return header ? { [header.name]: header.value ?? "smoke" } : {};
}
