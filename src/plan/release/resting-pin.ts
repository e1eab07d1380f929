import { stableName } from "../gate/names.ts";
import { hashOf } from "../gate/released-set.ts";
import { pinOf } from "./backend-services.ts";
import { currentHash, type Situation } from "./situation.ts";

/**
 * The template that `-stable` selects at rest. While Kubernetes itself replaces pods (the first rollout, one that was not
 * gated), users go to whatever is ready, so it selects all pods of the Deployment.
 */
export function restingPin(s: Situation): string | undefined {
  if (s.shut) return s.gate?.stable;
  const current = currentHash(s);
  const pinned = pinOf(s.view.services.find(({ metadata }) => metadata.name === stableName(s.view.name)));
  if (current === undefined || pinned === current) return current;
  const others = s.view.replicaSets.some((set) => hashOf(set) !== current && (set.status?.replicas ?? 0) > 0);
  return others ? undefined : current;
}
