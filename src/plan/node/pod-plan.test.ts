import { describe, expect, test } from "vitest";
import { container, instance, view, type ViewChange } from "../../../test/support/fixtures/pods.ts";
import { at, EPOCH } from "../../../test/support/fixtures/workloads.ts";
import type { Container } from "../../api/generated/core-v1.ts";
import type { PodAction } from "./actions.ts";
import { planPod } from "./pod-plan.ts";
import type { ContainerFacts, EndFacts, InstanceFacts } from "./view.ts";

/** Actions without their reasons, as `kind container`. */
const brief = (actions: readonly PodAction[]): string[] =>
  actions.map((action) => ("container" in action ? `${action.kind} ${action.container}` : action.kind));

const ended = (change: Partial<EndFacts> = {}): EndFacts => ({ exitCode: 1, at: EPOCH, reason: "Error", ...change });
const running = (change: Partial<InstanceFacts> = {}): ContainerFacts => ({ current: instance(change) });
const over = (exitCode = 1, change: Partial<ContainerFacts> = {}): ContainerFacts => ({
  current: instance({ end: ended({ exitCode, reason: exitCode === 0 ? "Completed" : "Error" }) }),
  ...change,
});
const backoff = (delay: number, seconds = -1) => ({ hash: "main=shop:1", delay, at: EPOCH + seconds * 1000 });
const sidecar = container({ name: "side", restartPolicy: "Always" });
const deleted = { metadata: { deletionTimestamp: at(30), deletionGracePeriodSeconds: 30 } };
const spec = (...containers: Container[]) => ({ spec: { containers } });
const initSpec = (...initContainers: Container[]) => ({ spec: { initContainers } });

/** [what is so, how the view differs from a prepared pod, expected actions, wake up after seconds] */
type Case = readonly [string, ViewChange, readonly string[], number?];

function run(cases: readonly Case[], seconds = 0): void {
  for (const [name, change, actions, wake] of cases) {
    test(name, () => {
      const plan = planPod(view(fit(change)), EPOCH + seconds * 1000);
      expect(brief(plan.actions)).toEqual(actions);
      expect(plan.wakeAt).toBe(wake === undefined ? undefined : EPOCH + wake * 1000);
      expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
      expect(plan.actions.every(({ why }) => why !== "")).toBe(true);
    });
  }
}

/** Instances were made from `shop:1`, whatever their container is called. */
function fit(change: ViewChange): ViewChange {
  const containers = Object.entries(change.facts?.containers ?? {}).map(([name, one]): [string, ContainerFacts] => [
    name,
    one.current ? { ...one, current: { ...one.current, hash: `${name}=shop:1` } } : one,
  ]);
  return { ...change, facts: { ...change.facts, containers: Object.fromEntries(containers) } };
}

describe("a new pod", () => {
  run([
    ["is prepared first", { facts: { surroundings: "none" } }, ["prepare"]],
    [
      "waits when it could not be prepared",
      { facts: { surroundings: "none", surroundingsProblem: { message: "x", retryAt: EPOCH + 5000 } } },
      [],
      5,
    ],
    [
      "is prepared again after the wait",
      { facts: { surroundings: "none", surroundingsProblem: { message: "x", retryAt: EPOCH } } },
      ["prepare"],
    ],
    ["then starts its container", {}, ["start main"]],
    [
      "starts all containers in order",
      { pod: spec(container({ name: "a" }), container({ name: "b" })) },
      ["start a", "start b"],
    ],
    ["does nothing while all is well", { facts: { containers: { main: running() } } }, []],
    ["is left alone when it is over", { pod: { status: { phase: "Failed" } }, facts: { surroundings: "none" } }, []],
  ]);
});

describe("a container that ended", () => {
  run([
    ["restarts at once the first time", { facts: { containers: { main: over() } } }, ["start main"]],
    [
      "waits 10 s the second time, and says so",
      { facts: { containers: { main: over(1, { backoff: backoff(10_000) }) } } },
      ["announceBackoff main"],
      10,
    ],
    [
      "says so only once",
      { facts: { containers: { main: over(1, { backoff: backoff(10_000), backoffTold: 0 }) } } },
      [],
      10,
    ],
    [
      "restarts at once after ten minutes of running",
      { facts: { containers: { main: over(1, { backoff: backoff(300_000, -601) }) } } },
      ["start main"],
    ],
    [
      "starts afresh when it was changed",
      {
        pod: spec(container({ image: "shop:2" })),
        facts: { containers: { main: over(1, { backoff: backoff(300_000) }) } },
      },
      ["start main"],
    ],
    ["restarts after success too", { facts: { containers: { main: over(0) } } }, ["start main"]],
    [
      "does not restart after success with OnFailure",
      { pod: { spec: { restartPolicy: "OnFailure" } }, facts: { containers: { main: over(0) } } },
      ["release"],
    ],
    [
      "restarts after a failure with OnFailure",
      { pod: { spec: { restartPolicy: "OnFailure" } }, facts: { containers: { main: over(1) } } },
      ["start main"],
    ],
    [
      "never restarts with Never",
      { pod: { spec: { restartPolicy: "Never" } }, facts: { containers: { main: over(1) } } },
      ["release"],
    ],
    [
      "leaves the others alone",
      {
        pod: { spec: { restartPolicy: "Never", containers: [container(), container({ name: "b" })] } },
        facts: { containers: { main: over(1), b: running() } },
      },
      [],
    ],
  ]);
  test("doubles the wait with each crash up to five minutes", () => {
    const next = (delay: number) => {
      const [action] = planPod(
        view({ facts: { containers: { main: over(1, { backoff: backoff(delay) }) } } }),
        EPOCH + delay,
      ).actions;
      return action?.kind === "start" ? action.backoff?.delay : undefined;
    };
    expect([10_000, 20_000, 160_000, 300_000].map(next)).toEqual([20_000, 40_000, 300_000, 300_000]);
  });
});

describe("a container that could not be started", () => {
  const problem = (reason: string, kind: "image" | "config") => ({
    kind,
    reason,
    message: "m",
    at: EPOCH,
    retryAt: EPOCH + 10_000,
  });
  run(
    [
      [
        "waits",
        { facts: { containers: { main: { problem: problem("CreateContainerConfigError", "config") } } } },
        [],
        10,
      ],
      [
        "turns a failed pull into a delayed one",
        { facts: { containers: { main: { problem: problem("ErrImagePull", "image") } } } },
        ["announceImageBackoff main"],
        10,
      ],
      ["then waits", { facts: { containers: { main: { problem: problem("ImagePullBackOff", "image") } } } }, [], 10],
    ],
    1,
  );
  run([
    [
      "shows a failed pull for a second",
      { facts: { containers: { main: { problem: problem("ErrImagePull", "image") } } } },
      [],
      1,
    ],
  ]);
  run(
    [
      [
        "tries again when the wait is over",
        { facts: { containers: { main: { problem: problem("ImagePullBackOff", "image") } } } },
        ["start main"],
      ],
    ],
    10,
  );
});

describe("init containers", () => {
  const one = container({ name: "one" });
  const two = container({ name: "two" });
  run([
    ["run one after the other", { pod: initSpec(one, two) }, ["start one"]],
    ["must end before the next", { pod: initSpec(one, two), facts: { containers: { one: running() } } }, []],
    [
      "let the next start when they succeed",
      { pod: initSpec(one, two), facts: { containers: { one: over(0) } } },
      ["start two"],
    ],
    [
      "let the others start when all succeed",
      { pod: initSpec(one, two), facts: { containers: { one: over(0), two: over(0) } } },
      ["start main"],
    ],
    ["are tried again when they fail", { pod: initSpec(one), facts: { containers: { one: over(1) } } }, ["start one"]],
    [
      "end the pod when they fail with Never",
      { pod: { spec: { restartPolicy: "Never", initContainers: [one] } }, facts: { containers: { one: over(1) } } },
      ["release"],
    ],
    ["do not run again once the others run", { pod: initSpec(one), facts: { containers: { main: running() } } }, []],
    [
      "run again after a restart of the machine",
      {
        pod: initSpec(one),
        facts: {
          containers: {
            one: { current: instance({ stale: true, end: ended({ exitCode: 0 }) }) },
            main: { current: instance({ stale: true, end: ended() }) },
          },
        },
      },
      ["start one"],
    ],
  ]);
});

describe("a sidecar", () => {
  const pod = initSpec(sidecar);
  const starting = running({ probes: { startup: "unknown", liveness: "passed", readiness: "failed" } });
  run([
    ["starts before the others", { pod }, ["start side"]],
    ["holds them back until it has started", { pod, facts: { containers: { side: starting } } }, []],
    ["lets them start then", { pod, facts: { containers: { side: running() } } }, ["start main"]],
    [
      "holds them back while its hook runs",
      { pod, facts: { containers: { side: running({ postStart: "running" }) } } },
      [],
    ],
    [
      "restarts beside them, even after success",
      { pod, facts: { containers: { side: over(0), main: running() } } },
      ["start side"],
    ],
    [
      "is stopped when the others are done",
      {
        pod: { spec: { restartPolicy: "Never", initContainers: [sidecar] } },
        facts: { containers: { side: running(), main: over(0) } },
      },
      ["beginStop side"],
    ],
    [
      "restarts with Never too",
      {
        pod: { spec: { restartPolicy: "Never", initContainers: [sidecar] } },
        facts: { containers: { side: over(1), main: running() } },
      },
      ["start side"],
    ],
  ]);
});

describe("a postStart hook", () => {
  const both = spec(container(), container({ name: "b" }));
  run([
    [
      "keeps the next container from starting",
      { pod: both, facts: { containers: { main: running({ postStart: "running" }) } } },
      [],
    ],
    [
      "lets it start when it is done",
      { pod: both, facts: { containers: { main: running({ postStart: "done" }) } } },
      ["start b"],
    ],
    [
      "kills the container when it fails",
      { facts: { containers: { main: running({ postStart: "failed" }) } } },
      ["beginStop main"],
    ],
  ]);
});

describe("a running container", () => {
  run([
    [
      "is replaced when its image changes",
      { pod: spec(container({ image: "shop:2" })), facts: { containers: { main: running() } } },
      ["beginStop main"],
    ],
    [
      "is stopped when liveness fails",
      {
        facts: {
          containers: { main: running({ probes: { startup: "passed", liveness: "failed", readiness: "failed" } }) },
        },
      },
      ["beginStop main"],
    ],
    [
      "is stopped when startup fails",
      {
        facts: {
          containers: { main: running({ probes: { startup: "failed", liveness: "passed", readiness: "failed" } }) },
        },
      },
      ["beginStop main"],
    ],
    [
      "is left alone when it is merely unready",
      {
        facts: {
          containers: { main: running({ probes: { startup: "passed", liveness: "passed", readiness: "failed" } }) },
        },
      },
      [],
    ],
  ]);

  test.each([
    ["liveness", {}, "Container main failed liveness probe, will be restarted", 30],
    [
      "liveness",
      { livenessProbe: { terminationGracePeriodSeconds: 5 } },
      "Container main failed liveness probe, will be restarted",
      5,
    ],
    ["startup", {}, "Container main failed startup probe, will be restarted", 30],
  ] as const)("says why: %s %j", (probe, change, message, grace) => {
    const probes = { startup: "passed", liveness: "passed", readiness: "passed", [probe]: "failed" } as const;
    const [action] = planPod(
      view({ pod: spec(container(change)), facts: { containers: { main: running({ probes }) } } }),
      EPOCH,
    ).actions;
    expect(action).toMatchObject({ kind: "beginStop", message, grace });
  });
});

describe("a pod that is deleted", () => {
  const stop = (change: Partial<NonNullable<InstanceFacts["stop"]>> = {}) =>
    running({ stop: { since: EPOCH, grace: 30, preStop: "none", ...change } });
  const hook = spec(container({ lifecycle: { preStop: { exec: { command: ["x"] } } } }));
  const gone = (change: ViewChange): ViewChange => ({ ...change, pod: { ...deleted, ...change.pod } });
  const drained = (main: ContainerFacts): ViewChange["facts"] & object => ({ drain: "done", containers: { main } });
  run([
    ["leaves the mesh first", gone({ facts: { containers: { main: running() } } }), ["drain"]],
    ["waits for the mesh", gone({ facts: { drain: "running", containers: { main: running() } } }), []],
    ["then begins to stop", gone({ facts: drained(running()) }), ["beginStop main"]],
    ["gets the signal", gone({ facts: drained(stop()) }), ["signal main"]],
    ["runs its hook before the signal", gone({ pod: hook, facts: drained(stop()) }), ["preStop main"]],
    ["waits for its hook", gone({ pod: hook, facts: drained(stop({ preStop: "running" })) }), [], 30],
    ["gets the signal after the hook", gone({ pod: hook, facts: drained(stop({ preStop: "done" })) }), ["signal main"]],
    ["has its grace period", gone({ facts: drained(stop({ signalledAt: EPOCH })) }), [], 30],
    [
      "is killed once",
      gone({ facts: drained(stop({ since: EPOCH - 30_000, signalledAt: EPOCH - 30_000 })) }),
      ["kill main"],
    ],
    [
      "is not killed twice",
      gone({ facts: drained(stop({ since: EPOCH - 30_000, signalledAt: EPOCH - 30_000, killedAt: EPOCH })) }),
      [],
    ],
    [
      "has two seconds after a hook that took all",
      gone({ pod: hook, facts: drained(stop({ since: EPOCH - 30_000, preStop: "running", signalledAt: EPOCH })) }),
      [],
      2,
    ],
    [
      "skips the hook when there is no time for it",
      gone({ pod: hook, facts: drained(stop({ since: EPOCH - 30_000 })) }),
      ["signal main"],
    ],
    [
      "ends sooner when asked to",
      {
        pod: { metadata: { deletionTimestamp: at(1), deletionGracePeriodSeconds: 1 } },
        facts: drained(stop({ signalledAt: EPOCH })),
      },
      [],
      2,
    ],
    ["starts nothing", gone({ facts: { containers: {} } }), ["release"]],
    ["is released when everything has ended", gone({ facts: drained(over(143)) }), ["release"]],
    [
      "is removed when it has been released",
      gone({ facts: { surroundings: "released", containers: { main: over(143) } } }),
      ["delete"],
    ],
    ["is removed when it never was prepared", gone({ facts: { surroundings: "none" } }), ["delete"]],
  ]);

  test("stops all containers at once, sidecars afterwards in reverse order", () => {
    const first = container({ name: "first", restartPolicy: "Always" });
    const second = container({ name: "second", restartPolicy: "Always" });
    const change = (containers: Record<string, ContainerFacts>): ViewChange => ({
      pod: {
        ...deleted,
        spec: { initContainers: [first, second], containers: [container(), container({ name: "b" })] },
      },
      facts: { drain: "done", containers },
    });
    const begun = Object.fromEntries(["first", "second", "main", "b"].map((name) => [name, stop()]));
    const actions = (containers: Record<string, ContainerFacts>) =>
      brief(planPod(view(fit(change(containers))), EPOCH).actions);
    expect(actions(Object.fromEntries(["first", "second", "main", "b"].map((name) => [name, running()])))).toEqual([
      "beginStop main",
      "beginStop b",
      "beginStop second",
      "beginStop first",
    ]);
    expect(actions(begun)).toEqual(["signal main", "signal b"]);
    expect(actions({ ...begun, main: over(), b: over() })).toEqual(["signal second"]);
    expect(actions({ ...begun, main: over(), b: over(), second: over() })).toEqual(["signal first"]);
  });
});

describe("a pod that is no longer in the API", () => {
  const stop = { since: EPOCH, grace: 0, preStop: "none" } as const;
  run([
    ["is stopped without more ado", { gone: true, facts: { containers: { main: running() } } }, ["beginStop main"]],
    ["gets the signal", { gone: true, facts: { containers: { main: running({ stop }) } } }, ["signal main"]],
    [
      "is killed after two seconds",
      { gone: true, facts: { containers: { main: running({ stop: { ...stop, signalledAt: EPOCH } }) } } },
      [],
      2,
    ],
    ["is cleared away", { gone: true, facts: { surroundings: "released", containers: { main: over() } } }, ["delete"]],
  ]);
});

describe("a node that goes down", () => {
  run([
    ["stops what runs", { shutdown: true, facts: { containers: { main: running() } } }, ["beginStop main"]],
    ["starts nothing", { shutdown: true, facts: { containers: { main: over() } } }, []],
    ["keeps the pod", { shutdown: true, facts: { containers: {} } }, []],
  ]);
});

describe("a pod with a deadline", () => {
  const pod = { spec: { activeDeadlineSeconds: 60 } };
  run([["is looked at again then", { pod, facts: { containers: { main: running() } } }, [], 60]]);
  run(
    [
      ["is stopped then", { pod, facts: { containers: { main: running() } } }, ["beginStop main"]],
      ["is released when it has ended", { pod, facts: { containers: { main: over() } } }, ["release"]],
      ["starts nothing any more", { pod }, ["release"]],
    ],
    60,
  );
});
