import { describe, expect, test } from "vitest";
import { container, instance, view, type ViewChange } from "../../../test/support/fixtures/pods.ts";
import { at, EPOCH } from "../../../test/support/fixtures/workloads.ts";
import type { ContainerStatus, PodStatus } from "../../api/generated/core-v1.ts";
import { podStatus } from "./status.ts";
import { type ContainerFacts, type EndFacts, type InstanceFacts, passedProbes } from "./view.ts";

const ended = (change: Partial<EndFacts> = {}): EndFacts => ({
  exitCode: 1,
  at: EPOCH + 5000,
  reason: "Error",
  ...change,
});
const running = (change: Partial<InstanceFacts> = {}): ContainerFacts => ({ current: instance(change) });
const over = (exitCode = 1, change: Partial<InstanceFacts> = {}): ContainerFacts =>
  running({ end: ended({ exitCode, reason: exitCode === 0 ? "Completed" : "Error" }), ...change });
const statusOf = (change: ViewChange, seconds = 10): PodStatus => podStatus(view(change), EPOCH + seconds * 1000);
const main = (status: PodStatus): ContainerStatus => status.containerStatuses![0]!;
const conditions = (status: PodStatus) =>
  Object.fromEntries(
    status.conditions!.map(({ type, status: is, reason, message }) => [
      type,
      [is, reason, message].filter(Boolean).join(" "),
    ]),
  );
const deleted = { metadata: { deletionTimestamp: at(30) } };
const init = { spec: { initContainers: [container({ name: "init" })] } };
const label = "shop-1_default(uid-shop-1)";

test("the whole status of a running pod", () => {
  expect(statusOf({ facts: { containers: { main: running() } } })).toEqual({
    observedGeneration: 1,
    phase: "Running",
    conditions: ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"].map(
      (type) => ({
        type,
        observedGeneration: 1,
        status: "True",
        lastTransitionTime: at(10),
      }),
    ),
    hostIP: "127.0.0.1",
    hostIPs: [{ ip: "127.0.0.1" }],
    podIP: "127.64.128.1",
    podIPs: [{ ip: "127.64.128.1" }],
    startTime: at(0),
    containerStatuses: [
      {
        name: "main",
        state: { running: { startedAt: at(0) } },
        lastState: {},
        ready: true,
        started: true,
        restartCount: 0,
        image: "docker.io/library/shop:1",
        imageID: "docker.io/library/shop@sha256:1",
        containerID: "process://uid-shop-1/main/0",
      },
    ],
  });
});

const terminated = {
  exitCode: 1,
  reason: "Error",
  startedAt: at(0),
  finishedAt: at(5),
  containerID: "process://uid-shop-1/main/0",
};

describe("the state of a container", () => {
  test.each<[string, ViewChange, ContainerStatus["state"]]>([
    ["waits to be created", {}, { waiting: { reason: "ContainerCreating" } }],
    ["waits for init containers", { pod: init }, { waiting: { reason: "PodInitializing" } }],
    [
      "says why it could not start",
      {
        facts: {
          containers: {
            main: {
              problem: {
                kind: "config",
                reason: "CreateContainerConfigError",
                message: 'configmap "x" not found',
                at: EPOCH,
                retryAt: EPOCH,
              },
            },
          },
        },
      },
      { waiting: { reason: "CreateContainerConfigError", message: 'configmap "x" not found' } },
    ],
    [
      "waits while its hook runs",
      { facts: { containers: { main: running({ postStart: "running" }) } } },
      { waiting: { reason: "ContainerCreating" } },
    ],
    [
      "runs while it is being stopped",
      { facts: { containers: { main: running({ stop: { since: 0, grace: 1, preStop: "none" } }) } } },
      { running: { startedAt: at(0) } },
    ],
    ["has ended", { facts: { containers: { main: over() } } }, { terminated }],
    [
      "waits after a crash",
      { facts: { containers: { main: { ...over(), backoff: { hash: "main=shop:1", delay: 80_000, at: EPOCH } } } } },
      {
        waiting: {
          reason: "CrashLoopBackOff",
          message: `back-off 1m20s restarting failed container=main pod=${label}`,
        },
      },
    ],
    [
      "has ended for good",
      {
        pod: { spec: { restartPolicy: "Never" } },
        facts: { containers: { main: { ...over(), backoff: { hash: "main=shop:1", delay: 80_000, at: EPOCH } } } },
      },
      { terminated },
    ],
    [
      "has ended when the pod is deleted",
      {
        pod: deleted,
        facts: { containers: { main: { ...over(), backoff: { hash: "main=shop:1", delay: 80_000, at: EPOCH } } } },
      },
      { terminated },
    ],
    ["never ran when the pod is deleted", { pod: deleted }, { waiting: { reason: "ContainerCreating" } }],
    [
      "was lost when the others ran",
      {
        pod: { ...deleted, spec: { containers: [container(), container({ name: "b" })] } },
        facts: { containers: { b: over() } },
      },
      {
        terminated: {
          exitCode: 137,
          reason: "ContainerStatusUnknown",
          message: "The container could not be located when the pod was terminated",
        },
      },
    ],
  ])("%s", (_, change, want) => expect(main(statusOf(change)).state).toEqual(want));

  test("the state before the present one", () => {
    const crashing = statusOf({
      facts: { containers: { main: { ...over(), backoff: { hash: "main=shop:1", delay: 80_000, at: EPOCH } } } },
    });
    expect(main(crashing)).toMatchObject({ lastState: { terminated }, restartCount: 0, ready: false, started: false });
    const again = statusOf({
      facts: {
        containers: { main: { current: instance({ instance: 3 }), previous: instance({ end: ended() }) as never } },
      },
    });
    expect(main(again)).toMatchObject({ lastState: { terminated }, restartCount: 3 });
    const nothing = statusOf({ facts: { containers: { main: over() } } });
    expect(main(nothing).lastState).toEqual({});
  });

  test.each<[string, Partial<InstanceFacts>, boolean, boolean]>([
    ["is ready", {}, true, true],
    ["has not started", { probes: { ...passedProbes, startup: "unknown" } }, false, false],
    ["is not ready", { probes: { ...passedProbes, readiness: "failed" } }, false, true],
  ])("%s", (_, change, ready, started) =>
    expect(main(statusOf({ facts: { containers: { main: running(change) } } }))).toMatchObject({ ready, started }),
  );

  test("resources and mounts are repeated", () => {
    const spec = {
      containers: [
        container({
          resources: { requests: { cpu: "1" } },
          volumeMounts: [
            { name: "v", mountPath: "/v" },
            { name: "w", mountPath: "/w", readOnly: true },
          ],
        }),
      ],
    };
    expect(main(statusOf({ pod: { spec } }))).toMatchObject({
      allocatedResources: { cpu: "1" },
      resources: { requests: { cpu: "1" } },
      volumeMounts: [
        { name: "v", mountPath: "/v" },
        { name: "w", mountPath: "/w", readOnly: true, recursiveReadOnly: "Disabled" },
      ],
    });
  });
});

describe("the phase", () => {
  const two = { spec: { containers: [container(), container({ name: "b" })] } };
  const policy = (restartPolicy: "Never" | "OnFailure", pod = {}) => ({ spec: { restartPolicy, ...pod } });
  test.each<[string, ViewChange, PodStatus["phase"]]>([
    ["nothing has started", {}, "Pending"],
    ["one of two waits", { pod: two, facts: { containers: { main: running() } } }, "Pending"],
    ["all run", { facts: { containers: { main: running() } } }, "Running"],
    ["one has crashed and will restart", { facts: { containers: { main: over() } } }, "Running"],
    ["all succeeded but restart", { facts: { containers: { main: over(0) } } }, "Running"],
    ["all succeeded", { pod: policy("OnFailure"), facts: { containers: { main: over(0) } } }, "Succeeded"],
    ["one failed with Never", { pod: policy("Never"), facts: { containers: { main: over(1) } } }, "Failed"],
    ["one failed with OnFailure", { pod: policy("OnFailure"), facts: { containers: { main: over(1) } } }, "Running"],
    [
      "one runs, one failed with Never",
      { pod: policy("Never", two.spec), facts: { containers: { main: over(1), b: running({ hash: "b=shop:1" }) } } },
      "Running",
    ],
    [
      "an init container failed with Never",
      { pod: policy("Never", init.spec), facts: { containers: { init: over(1) } } },
      "Failed",
    ],
    ["an init container failed", { pod: init, facts: { containers: { init: over(1) } } }, "Pending"],
    ["deleted while it runs", { pod: deleted, facts: { containers: { main: running() } } }, "Running"],
    ["deleted, ended well", { pod: deleted, facts: { containers: { main: over(0) } } }, "Succeeded"],
    ["deleted, ended by the signal", { pod: deleted, facts: { containers: { main: over(143) } } }, "Failed"],
    ["deleted before it ran", { pod: deleted }, "Failed"],
    ["it was over before", { pod: { status: { phase: "Succeeded" } }, facts: { containers: {} } }, "Succeeded"],
  ])("%s", (_, change, phase) => expect(statusOf(change).phase).toBe(phase));

  test("the status of a pod that was over before is kept", () => {
    const status: PodStatus = { phase: "Succeeded", containerStatuses: [] };
    expect(statusOf({ pod: { status }, facts: { containers: {} } })).toBe(status);
  });

  test("a pod over its deadline says so", () => {
    const pod = { spec: { activeDeadlineSeconds: 5 } };
    expect(statusOf({ pod, facts: { containers: { main: over(143) } } })).toMatchObject({
      phase: "Failed",
      reason: "DeadlineExceeded",
      message: "Pod was active on the node longer than the specified deadline",
    });
    expect(statusOf({ pod, facts: { containers: { main: running() } } }).reason).toBeUndefined();
  });
});

describe("the conditions", () => {
  test.each<[string, ViewChange, Record<string, string>]>([
    [
      "of a new pod",
      { facts: { surroundings: "none" } },
      {
        PodReadyToStartContainers: "False",
        Initialized: "True",
        Ready: "False ContainersNotReady containers with unready status: [main]",
        ContainersReady: "False ContainersNotReady containers with unready status: [main]",
        PodScheduled: "True",
      },
    ],
    [
      "while init containers run",
      { pod: init },
      { Initialized: "False ContainersNotInitialized containers with incomplete status: [init]" },
    ],
    ["when init containers are done", { pod: init, facts: { containers: { init: over(0) } } }, { Initialized: "True" }],
    [
      "of a pod that succeeded",
      { pod: { spec: { restartPolicy: "Never" } }, facts: { containers: { main: over(0) } } },
      { Initialized: "True PodCompleted", Ready: "False PodCompleted", ContainersReady: "False PodCompleted" },
    ],
    [
      "of a pod that failed",
      { pod: { spec: { restartPolicy: "Never" } }, facts: { containers: { main: over(1) } } },
      { Ready: "False PodFailed", ContainersReady: "False PodFailed" },
    ],
    [
      "with a readiness gate that nobody set",
      { pod: { spec: { readinessGates: [{ conditionType: "x/y" }] } }, facts: { containers: { main: running() } } },
      {
        ContainersReady: "True",
        Ready: 'False ReadinessGatesNotReady corresponding condition of pod readiness gate "x/y" does not exist.',
      },
    ],
    [
      "with a readiness gate that is open",
      {
        pod: {
          spec: { readinessGates: [{ conditionType: "x/y" }] },
          status: { conditions: [{ type: "x/y", status: "True" }] },
        },
        facts: { containers: { main: running() } },
      },
      { Ready: "True", "x/y": "True" },
    ],
    [
      "with a sidecar that is not ready",
      {
        pod: { spec: { initContainers: [container({ name: "side", restartPolicy: "Always" })] } },
        facts: { containers: { side: running({ probes: { ...passedProbes, readiness: "failed" } }), main: running() } },
      },
      { ContainersReady: "False ContainersNotReady containers with unready status: [side]" },
    ],
  ])("%s", (_, change, want) => expect(conditions(statusOf(change))).toMatchObject(want));

  test("a condition keeps its time as long as it says the same", () => {
    const before = statusOf({ facts: { containers: { main: running() } } }, 1);
    const after = statusOf(
      {
        pod: { status: before },
        facts: { containers: { main: running({ probes: { ...passedProbes, readiness: "failed" } }) } },
      },
      2,
    );
    expect(after.conditions!.map(({ type, lastTransitionTime }) => [type, lastTransitionTime])).toEqual([
      ["PodReadyToStartContainers", at(1)],
      ["Initialized", at(1)],
      ["Ready", at(2)],
      ["ContainersReady", at(2)],
      ["PodScheduled", at(1)],
    ]);
  });

  test("the status of the same facts is the same", () => {
    const change = { facts: { containers: { main: running() } } };
    const first = statusOf(change, 1);
    expect(statusOf({ ...change, pod: { status: first } }, 99)).toEqual(first);
  });
});
