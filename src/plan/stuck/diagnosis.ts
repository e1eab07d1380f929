import type { ReplicaSet } from "../../api/generated/apps-v1.ts";
import type { Container, ContainerStatus, Node, Pod } from "../../api/generated/core-v1.ts";
import { familiarImageName } from "../../lib/image-reference.ts";
import { nearNames } from "../../lib/near-name.ts";
import { parseTimestamp } from "../../lib/timestamp.ts";
import { isActive, isReady, podCondition } from "../pods/readiness.ts";
import { couldEverFit } from "../scheduler/schedule-plan.ts";
import { readLogTail } from "./log-tail.ts";

export type StuckReason =
  | "ImageNotFound"
  | "InvalidImageName"
  | "ConfigurationError"
  | "StartError"
  | "AddressInUse"
  | "OutOfMemory"
  | "CrashLoop"
  | "QuotaExceeded"
  | "PodsRefused"
  | "Unschedulable";

/** Why a rollout cannot succeed, as sentences. */
export interface Diagnosis {
  readonly reason: StuckReason;
  /** What is wrong. The same cause always has the same words. */
  readonly cause: string;
  /** What to change, as far as that can be guessed. */
  readonly hint?: string;
}

export interface StuckView {
  /** The set of the present template. */
  readonly replicaSet: ReplicaSet;
  /** Its pods. */
  readonly pods: readonly Pod[];
  /** All nodes, with the images that they have. */
  readonly nodes: readonly Node[];
}

/** Longest part of a message or log line that is quoted. */
const MAX_QUOTE = 160;
/** A container that has ended so often will not come up: the first time may have been bad luck. */
const CERTAIN_EXITS = 2;

/** A container that has kept ending must run for so long before that counts as healed. Milliseconds. */
const STEADY = 10_000;

/**
 * What keeps the new pods of a rollout from ever becoming ready, as soon as it is certain: image and configuration errors at once, a
 * crash at the second exit of the same container. A pod that is merely not ready yet is no reason. One that has just been started
 * once more is still what it was: without a readiness probe it is ready until it ends again.
 */
export function diagnose(view: StuckView, now: number): Diagnosis | undefined {
  const waiting = view.pods.filter((pod) => isActive(pod) && (!isReady(pod) || unsteadyUntil(pod, now) !== undefined));
  const found = waiting.flatMap((pod) => [...containerDiagnoses(pod, view.nodes, now), ...placement(pod, view.nodes)]);
  return found[0] ?? creation(view.replicaSet);
}

/** When the first of the pods will have run for long enough; undefined when there is none that must. */
export function steadyFrom(pods: readonly Pod[], now: number): number | undefined {
  const times = pods.filter(isActive).flatMap((pod) => unsteadyUntil(pod, now) ?? []);
  return times.length === 0 ? undefined : Math.min(...times);
}

function unsteadyUntil({ status }: Pod, now: number): number | undefined {
  const times = (status?.containerStatuses ?? []).flatMap((one) => steadyTime(one, now) ?? []);
  return times.length === 0 ? undefined : Math.max(...times);
}

/** Undefined when the container has run for long enough, does not run, or never ended often enough to be suspected. */
function steadyTime({ restartCount, state }: ContainerStatus, now: number): number | undefined {
  const startedAt = parseTimestamp(state?.running?.startedAt);
  if (restartCount < CERTAIN_EXITS || startedAt === undefined) return undefined;
  return now < startedAt + STEADY ? startedAt + STEADY : undefined;
}

function containerDiagnoses(pod: Pod, nodes: readonly Node[], now: number): readonly Diagnosis[] {
  const { initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {};
  const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  return [...initContainerStatuses, ...containerStatuses].flatMap((status) => {
    const container = containers.find(({ name }) => name === status.name);
    const isSuspect = !status.ready || steadyTime(status, now) !== undefined;
    const diagnosis = container && isSuspect ? diagnoseContainer(container, status, nodes) : undefined;
    return diagnosis ? [diagnosis] : [];
  });
}

/** What the kubelet's reasons for a container that does not run stand for. */
const KINDS: Readonly<Record<string, "image" | "imageName" | "configuration" | "start">> = {
  ErrImagePull: "image",
  ImagePullBackOff: "image",
  ErrImageNeverPull: "image",
  ImageInspectError: "image",
  InvalidImageName: "imageName",
  CreateContainerConfigError: "configuration",
  CreateContainerError: "start",
  RunContainerError: "start",
  StartError: "start",
  ContainerCannotRun: "start",
};

function diagnoseContainer(
  container: Container,
  status: ContainerStatus,
  nodes: readonly Node[],
): Diagnosis | undefined {
  const { name, image } = container;
  const { reason = "", message } = status.state?.waiting ?? status.state?.terminated ?? {};
  switch (KINDS[reason]) {
    case "image":
      return imageDiagnosis(container, nodes);
    case "imageName":
      return { reason: "InvalidImageName", cause: `"${image}" is not a valid image name (container ${name}).` };
    case "configuration":
      return { reason: "ConfigurationError", cause: `Container ${name} cannot be configured: ${quote(message)}.` };
    case "start":
      return { reason: "StartError", cause: `Container ${name} cannot be started: ${quote(message)}.` };
    default:
      return exitsOf(status) >= CERTAIN_EXITS ? crashDiagnosis(container, status) : undefined;
  }
}

function imageDiagnosis({ name, image = "" }: Container, nodes: readonly Node[]): Diagnosis {
  const known = new Set(
    nodes.flatMap(({ status }) => (status?.images ?? []).flatMap(({ names = [] }) => names.map(familiarImageName))),
  );
  const [near] = nearNames(familiarImageName(image), known, 1);
  return {
    reason: "ImageNotFound",
    cause: `Image "${image}" of container ${name} cannot be pulled.`,
    ...(near !== undefined && { hint: `Did you mean "${near}"?` }),
  };
}

/** How often the container has ended: once for each restart, and once more when it does not run now. */
function exitsOf({ restartCount, state }: ContainerStatus): number {
  const hasEndedAgain = state?.terminated !== undefined || state?.waiting?.reason === "CrashLoopBackOff";
  return restartCount + (hasEndedAgain ? 1 : 0);
}

function crashDiagnosis(container: Container, { state, lastState }: ContainerStatus): Diagnosis {
  const { name, resources, env = [] } = container;
  const last = state?.terminated ?? lastState?.terminated;
  if (last?.reason === "OOMKilled") {
    const limit = resources?.limits?.["memory"];
    return {
      reason: "OutOfMemory",
      cause: `Container ${name} keeps running out of memory${limit === undefined ? "" : ` (limit ${limit})`}.`,
      hint: "Raise resources.limits.memory.",
    };
  }
  const tail = readLogTail(
    last?.message ?? "",
    env.map((variable) => variable.name),
  );
  if (tail.addressInUse)
    return {
      reason: "AddressInUse",
      cause: `Container ${name} keeps exiting: it listens on all addresses, and its port is taken there.`,
      hint: "Listen on $HOST, the pod's own address, and port $PORT.",
    };
  return {
    reason: "CrashLoop",
    cause: `Container ${name} keeps exiting${last === undefined ? "" : ` with code ${last.exitCode}`}.`,
    ...crashHint(tail),
  };
}

function crashHint({ line, variable }: { readonly line?: string; readonly variable?: string }): {
  readonly hint?: string;
} {
  if (line === undefined) return {};
  const question = variable === undefined ? "" : ` Is the environment variable ${variable} missing?`;
  return { hint: `Its log ends with "${quote(line)}".${question}` };
}

/** A pod that no node could take even if it were empty. */
function placement(pod: Pod, nodes: readonly Node[]): readonly Diagnosis[] {
  const condition = podCondition(pod, "PodScheduled");
  if (condition?.status !== "False" || condition.reason !== "Unschedulable" || nodes.length === 0) return [];
  if (nodes.some((node) => couldEverFit(pod, node))) return [];
  const [problem = ""] = (condition.message ?? "").split(". ");
  return [{ reason: "Unschedulable", cause: `No node can ever take the pod: ${quote(problem)}.` }];
}

/** The API refuses to create the pods. */
function creation({ status }: ReplicaSet): Diagnosis | undefined {
  const failure = status?.conditions?.find(
    ({ type, reason }) => type === "ReplicaFailure" && reason === "FailedCreate",
  );
  const { message = "" } = failure ?? {};
  if (!failure || isBootstrapping(message)) return undefined;
  // The set's condition has the API's message and nothing else; quota is the one refusal that has a remedy of its own.
  if (message.includes("exceeded quota:"))
    return {
      reason: "QuotaExceeded",
      cause: `The pods cannot be created: ${quote(message)}.`,
      hint: "Raise the quota or ask for less.",
    };
  return { reason: "PodsRefused", cause: `The pods cannot be created: ${quote(message)}.` };
}

/** In a new namespace the account of all pods comes a moment later than the first workload. */
function isBootstrapping(message: string): boolean {
  return message.endsWith('serviceaccount "default" not found');
}

function quote(text = "no message"): string {
  const line = text.replace(/\s+/g, " ").trim().replace(/\.$/, "");
  return line.length > MAX_QUOTE ? `${line.slice(0, MAX_QUOTE - 1)}…` : line;
}
