import { expect, test } from "vitest";
import { node } from "../../../test/support/fixtures/nodes.ts";
import {
  at,
  containerStatus,
  deployment,
  EPOCH,
  type PodChange,
  pod,
  replicaSet,
} from "../../../test/support/fixtures/workloads.ts";
import type { ContainerState, ContainerStatus, Pod } from "../../api/generated/core-v1.ts";
import { type Diagnosis, diagnose } from "./diagnosis.ts";
import { withStuck } from "./stuck-condition.ts";

const now = EPOCH + 60_000;
const here = node("node-0", {
  status: { images: [{ names: ["docker.io/library/shop:1.1.0.RELEASE"] }, { names: ["docker.io/library/other:1"] }] },
});

const waiting = (reason: string, message?: string): ContainerState => ({
  waiting: { reason, ...(message !== undefined && { message }) },
});
const ended = (exitCode: number, message?: string, reason = "Error"): ContainerState => ({
  terminated: { exitCode, reason, ...(message !== undefined && { message }) },
});

function starting(status: Partial<ContainerStatus>, change: PodChange = {}): Pod {
  return pod("new", {
    ready: false,
    ...change,
    status: { phase: "Pending", containerStatuses: [containerStatus(status)], ...change.status },
  });
}

const find = (...pods: readonly Pod[]): Diagnosis | undefined =>
  diagnose({ replicaSet: replicaSet(), pods, nodes: [here] }, now);
const withImage = (image: string): PodChange => ({ spec: { containers: [{ name: "main", image }] } });

test.each<[string, Pod, Diagnosis | undefined]>([
  ["a ready pod", pod("new"), undefined],
  ["a pod that is merely not ready", starting({ state: { running: {} } }), undefined],
  ["a pod that is being made", starting({ state: waiting("ContainerCreating") }), undefined],
  [
    "a misspelled image",
    starting({ state: waiting("ErrImagePull", "not found") }, withImage("shoop:1.1.0.RELEASE")),
    {
      reason: "ImageNotFound",
      cause: 'Image "shoop:1.1.0.RELEASE" of container main cannot be pulled.',
      hint: 'Did you mean "shop:1.1.0.RELEASE"?',
    },
  ],
  [
    "an image that resembles none",
    starting({ state: waiting("ImagePullBackOff") }, withImage("nginx:1")),
    { reason: "ImageNotFound", cause: 'Image "nginx:1" of container main cannot be pulled.' },
  ],
  [
    "an invalid image name",
    starting({ state: waiting("InvalidImageName") }, withImage("Shop:1")),
    { reason: "InvalidImageName", cause: '"Shop:1" is not a valid image name (container main).' },
  ],
  [
    "a missing ConfigMap",
    starting({ state: waiting("CreateContainerConfigError", 'configmap "menu" not found') }),
    { reason: "ConfigurationError", cause: 'Container main cannot be configured: configmap "menu" not found.' },
  ],
  [
    "a program that is not there",
    starting({ state: waiting("RunContainerError", "exec: /app/serve: not found") }),
    { reason: "StartError", cause: "Container main cannot be started: exec: /app/serve: not found." },
  ],
  [
    "the same once it has ended",
    starting({ state: ended(128, "exec: /app/serve: not found", "StartError") }),
    { reason: "StartError", cause: "Container main cannot be started: exec: /app/serve: not found." },
  ],
  ["a first exit", starting({ state: ended(1), restartCount: 0 }), undefined],
  [
    "running again after a first exit",
    starting({ state: { running: {} }, lastState: ended(1), restartCount: 1 }),
    undefined,
  ],
  [
    "the second exit",
    starting({ state: ended(1, "Error: environment variable MENU_SOURCE is not set"), restartCount: 1 }),
    {
      reason: "CrashLoop",
      cause: "Container main keeps exiting with code 1.",
      hint: 'Its log ends with "Error: environment variable MENU_SOURCE is not set". Is the environment variable MENU_SOURCE missing?',
    },
  ],
  [
    "waiting after the second exit",
    starting({ state: waiting("CrashLoopBackOff", "back-off 10s"), lastState: ended(3), restartCount: 1 }),
    { reason: "CrashLoop", cause: "Container main keeps exiting with code 3." },
  ],
  [
    "running again after the second exit, not ready yet",
    starting({ state: { running: {} }, lastState: ended(0), restartCount: 2 }),
    { reason: "CrashLoop", cause: "Container main keeps exiting with code 0." },
  ],
  ["ready at last", starting({ state: { running: {} }, lastState: ended(1), restartCount: 2, ready: true }), undefined],
  [
    "an init container that keeps failing",
    starting(
      {},
      {
        spec: { initContainers: [{ name: "migrate" }] },
        status: { initContainerStatuses: [containerStatus({ name: "migrate", state: ended(2), restartCount: 1 })] },
      },
    ),
    { reason: "CrashLoop", cause: "Container migrate keeps exiting with code 2." },
  ],
  [
    "out of memory",
    starting(
      { state: ended(137, undefined, "OOMKilled"), restartCount: 1 },
      { spec: { containers: [{ name: "main", resources: { limits: { memory: "64Mi" } } }] } },
    ),
    {
      reason: "OutOfMemory",
      cause: "Container main keeps running out of memory (limit 64Mi).",
      hint: "Raise resources.limits.memory.",
    },
  ],
  [
    "an address in use",
    starting({ state: ended(1, "Error: listen EADDRINUSE: address already in use :::8080"), restartCount: 1 }),
    {
      reason: "AddressInUse",
      cause: "Container main keeps exiting: it listens on all addresses, and its port is taken there.",
      hint: "Listen on $HOST, the pod's own address, and port $PORT.",
    },
  ],
  [
    "a pod that is being deleted",
    starting({ state: waiting("ErrImagePull") }, { metadata: { deletionTimestamp: at(1) } }),
    undefined,
  ],
])("%s", (_, pod, diagnosis) => {
  expect(find(pod)).toEqual(diagnosis);
});

const unplaced = (spec: Partial<Pod["spec"]>): Pod =>
  pod("new", {
    ready: false,
    spec: { nodeName: "", ...spec },
    status: {
      phase: "Pending",
      conditions: [
        {
          type: "PodScheduled",
          status: "False",
          reason: "Unschedulable",
          message: "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate",
        },
      ],
    },
  });
const big = { containers: [{ name: "main", resources: { requests: { cpu: "64" } } }] };

test("a pod that no node can ever take", () => {
  expect(find(unplaced(big))).toEqual({
    reason: "Unschedulable",
    cause: "No node can ever take the pod: 0/1 nodes are available: 1 Insufficient cpu.",
  });
  expect(find(unplaced({}))).toBeUndefined();
  expect(diagnose({ replicaSet: replicaSet(), pods: [unplaced(big)], nodes: [] }, now)).toBeUndefined();
});

const refused = (message: string) =>
  replicaSet({
    status: { replicas: 0, conditions: [{ type: "ReplicaFailure", status: "True", reason: "FailedCreate", message }] },
  });

test.each<[string, string, Partial<Diagnosis> | undefined]>([
  [
    "a quota",
    'pods "x" is forbidden: exceeded quota: small, requested: pods=1, used: pods=3, limited: pods=3',
    { reason: "QuotaExceeded", hint: "Raise the quota or ask for less." },
  ],
  ["another refusal", 'pods "x" is forbidden: no PriorityClass with name none was found', { reason: "PodsRefused" }],
  [
    "a namespace that is just being made",
    'pods "x" is forbidden: error looking up service account default/default: serviceaccount "default" not found',
    undefined,
  ],
])("pods that cannot be created because of %s", (_, message, expected) => {
  const diagnosis = diagnose({ replicaSet: refused(message), pods: [], nodes: [] }, now);
  if (!expected) expect(diagnosis).toBeUndefined();
  else expect(diagnosis).toMatchObject(expected);
  if (expected) expect(diagnosis?.cause).toContain(message);
});

const diagnosis: Diagnosis = {
  reason: "CrashLoop",
  cause: "Container main keeps exiting with code 1.",
  hint: 'Its log ends with "a".',
};

test("the condition names the cause, a hint and both ways out", () => {
  const { conditions, event } = withStuck(deployment(), [], diagnosis, true, now);
  const message =
    'Container main keeps exiting with code 1. Its log ends with "a". Fix the manifest and apply it: kubectl apply -f FILE -n default; or go back: kubectl rollout undo deployment/shop -n default';
  expect(conditions).toEqual([
    { type: "Stuck", status: "True", reason: "CrashLoop", message, lastUpdateTime: at(60), lastTransitionTime: at(60) },
  ]);
  expect(event).toMatchObject({ type: "Warning", reason: "Stuck", message });
  expect(withStuck(deployment(), [], diagnosis, false, now).event?.message).not.toContain("undo");
});

test("the same cause is told once, another one again, and none removes the condition", () => {
  const first = withStuck(deployment(), [], diagnosis, true, now);
  const again = withStuck(
    deployment(),
    first.conditions,
    { ...diagnosis, hint: 'Its log ends with "b".' },
    true,
    now + 9000,
  );
  expect(again).toEqual({ conditions: first.conditions });
  const other = withStuck(
    deployment(),
    first.conditions,
    { ...diagnosis, cause: "Container main keeps exiting with code 2." },
    true,
    now + 9000,
  );
  expect(other.conditions).toMatchObject([{ lastUpdateTime: at(69), lastTransitionTime: at(60) }]);
  expect(other.event).toBeDefined();
  expect(withStuck(deployment(), first.conditions, undefined, true, now)).toEqual({ conditions: [] });
});

test("a message is never too long", () => {
  const long = "x".repeat(5000);
  const found = find(starting({ state: ended(1, `Error: ${long}`), restartCount: 1 }));
  expect(withStuck(deployment(), [], found, true, now).event?.message.length).toBeLessThan(600);
});
