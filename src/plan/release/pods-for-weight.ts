import type { ReplicaSet } from "../../api/generated/apps-v1.ts";
import { darkReplicas } from "../gate/admit-deployment.ts";
import { shut } from "../gate/gate.ts";
import type { Draft } from "./draft.ts";
import { reachableNew } from "./routing.ts";
import type { Situation } from "./situation.ts";

/**
 * How many pods of the new version a weight needs: its share of the replicas, never less than the policy's dark pods, all
 * at 100 %. The old version keeps all of its own until the release has ended. Example: 10 replicas at 25 %: 3.
 */
export function podsFor(s: Situation, w: number): number {
  const dark = s.policy ? darkReplicas(s.policy, s.deployment) : 1;
  // 0.3 × 10 is 3.0000000000000004 in some orders of multiplication; nobody wants a fourth pod for that.
  return Math.min(Math.max(1, s.replicas), Math.max(dark, Math.ceil(s.replicas * w - 1e-9)));
}

/**
 * Makes room for `wanted` pods of the new version and keeps the old one whole. True when as many are ready and known to the
 * data plane, so that the weight may grow.
 */
export function ensurePods(s: Situation, d: Draft, wanted: number): boolean {
  const surge = s.deployment.spec.strategy?.rollingUpdate?.maxSurge;
  if (s.shut && s.gate && surge !== wanted)
    d.act({
      kind: "updateDeployment",
      object: shut(s.deployment, s.gate, wanted),
      why: `the weight needs ${podsWord(wanted)} of the new version`,
    });
  keepWhole(s, d, s.stable);
  clearOthers(s, d);
  return reachableNew(s) >= wanted;
}

/**
 * After a scaling the Deployment controller shares the pods out in proportion, which can leave the version that serves with
 * fewer than desired. Nothing moves in its rolling logic while the gate is shut, so the set can be given the rest directly.
 */
export function keepWhole(s: Situation, d: Draft, set: ReplicaSet | undefined): void {
  const { metadata, status, spec } = s.deployment;
  const seen = (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
  if (!s.shut || !set || !seen || spec.paused) return;
  const shared = Number(set.metadata.annotations?.[DESIRED] ?? s.replicas) === s.replicas;
  if (!shared || (set.spec.replicas ?? 1) >= s.replicas) return;
  d.act({
    kind: "scaleReplicaSet",
    name: set.metadata.name,
    replicas: s.replicas,
    why: `the version that serves keeps ${podsWord(s.replicas)} until the release has ended`,
  });
}

/** Pods of a third version serve nobody, but the Deployment controller would rather keep them than older ones that do. */
export function clearOthers(s: Situation, d: Draft): void {
  if (!s.shut) return;
  const wanted = new Set([s.stable, s.fresh, s.current]);
  for (const set of s.view.replicaSets) {
    if (wanted.has(set) || (set.spec.replicas ?? 1) === 0) continue;
    d.act({ kind: "scaleReplicaSet", name: set.metadata.name, replicas: 0, why: "it belongs to neither version" });
  }
}

const DESIRED = "deployment.kubernetes.io/desired-replicas";

export function podsWord(count: number): string {
  return `${count} ${count === 1 ? "pod" : "pods"}`;
}
