import type { Container, Pod } from "../../api/generated/core-v1.ts";
import { type ContainerFacts, hasEnded, type InstanceFacts, type RestartBackoff } from "./view.ts";

/** Milliseconds before the first delayed restart; doubled with each crash up to `MAX_BACKOFF`. */
const FIRST_BACKOFF = 10_000;
const MAX_BACKOFF = 300_000;
/** A container that ran this long is no longer one that crashes. */
const FORGET_AFTER = 2 * MAX_BACKOFF;

/** A sidecar: an init container that goes on running beside the others. */
export function isSidecar(container: Container): boolean {
  return container.restartPolicy === "Always";
}

/**
 * Identity of what a running container was made from. As in the kubelet only a new image makes a running container be
 * replaced: everything else of a pod's containers cannot be changed.
 */
export function containerHash({ name, image = "" }: Container): string {
  return `${name}=${image}`;
}

/** Whether a container that has ended is to run again. */
export function isToRestart(pod: Pod, container: Container, ended: InstanceFacts): boolean {
  const policy = isSidecar(container) ? "Always" : (pod.spec.restartPolicy ?? "Always");
  if (policy === "Never") return false;
  return policy === "Always" || ended.end?.exitCode !== 0;
}

export type Restart =
  | { readonly kind: "now"; readonly backoff: RestartBackoff }
  | { readonly kind: "later"; readonly at: number; readonly delay: number };

/**
 * When a container that has ended may start again: the first time at once, then 10 s after it ended, 20 s, 40 s, … 300
 * s.
 * https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-restarts
 */
export function planRestart(facts: ContainerFacts, hash: string, now: number): Restart {
  const { current, backoff } = facts;
  const endedAt = hasEnded(current) ? current.end.at : now;
  const known = backoff?.hash === hash && endedAt - backoff.at <= FORGET_AFTER ? backoff : undefined;
  if (!known) return { kind: "now", backoff: { hash, delay: FIRST_BACKOFF, at: now } };
  const at = endedAt + known.delay;
  if (now < at) return { kind: "later", at, delay: known.delay };
  return { kind: "now", backoff: { hash, delay: Math.min(known.delay * 2, MAX_BACKOFF), at: now } };
}

/** A duration as Go prints it: `10s`, `1m20s`, `5m0s`, `1h0m0s`. Whole seconds only. */
export function formatGoDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  const head = hours > 0 ? `${hours}h${minutes}m` : minutes > 0 ? `${minutes}m` : "";
  return `${head}${seconds % 60}s`;
}

/** `pod_namespace(uid)`, as the kubelet names a pod in its messages. */
export function podLabel({ metadata }: Pod): string {
  return `${metadata.name}_${metadata.namespace ?? ""}(${metadata.uid})`;
}
