import type { Release } from "../../api/generated/sluice-dev.ts";
import { formatTimestamp } from "../../lib/timestamp.ts";
import { darkReplicas } from "../gate/admit-deployment.ts";
import { shut, userValuesOf } from "../gate/gate.ts";
import { hashOf, setWithHash } from "../gate/released-set.ts";
import { TEMPLATE_HASH_LABEL } from "../pods/pod-template.ts";
import type { ReleaseAction } from "./actions.ts";
import { rulesInForce } from "./routing.ts";
import { currentHash, type ReleaseStatus, type Situation } from "./situation.ts";

export interface LateOrders {
  readonly actions: readonly ReleaseAction[];
  readonly statuses: readonly { readonly name: string; readonly status: ReleaseStatus }[];
}

/**
 * Orders to releases that have ended. Each is answered, so that nobody waits for it; `retry` of the one that was reverted
 * last deploys its template once more behind a shut gate, which makes a new release.
 */
export function lateOrders(s: Situation): LateOrders {
  const actions: ReleaseAction[] = [];
  const statuses = s.past.flatMap((release) => {
    const { spec, status, metadata } = release;
    const { order } = spec;
    if (!order || order.id === status?.observedOrder) return [];
    const refusal = order.verb === "retry" ? whyNotAgain(s, release) : "the release has ended";
    if (refusal === undefined) actions.push(again(s, release));
    const decision = {
      time: formatTimestamp(s.now),
      phase: status?.phase ?? "",
      weight: status?.weight ?? 0,
      what: refusal === undefined ? "retry" : `${order.verb}: nothing done`,
      why: refusal ?? "its template is deployed again, as a new release",
    };
    const decisions = [...(status?.decisions ?? []), decision];
    return [{ name: metadata.name, status: { ...status, observedOrder: order.id, decisions } }];
  });
  return { actions, statuses };
}

/** What has to be true for the gate to be shut: users are led to all pods of the present template, and to no others. */
function whyNotAgain(s: Situation, release: Release): string | undefined {
  if (release.status?.phase !== "Reverted") return "only a release that was reverted can be tried again";
  if (s.live) return `release ${s.live.metadata.name} is under way`;
  if (release !== s.past[0]) return `release ${s.past[0]?.metadata.name ?? ""} came after it`;
  if (!setWithHash(s.view.replicaSets, release.spec.templateHash)) return "its ReplicaSet is gone: apply its manifest";
  if (!s.governed) return "no policy is in force";
  if (s.shut || s.obstacles.length > 0 || !rulesInForce(s) || !isWhole(s)) return "the Deployment is not at rest";
  return undefined;
}

function isWhole(s: Situation): boolean {
  const current = currentHash(s);
  const ready = s.current?.status?.readyReplicas ?? 0;
  const others = s.view.replicaSets.some((set) => hashOf(set) !== current && (set.status?.replicas ?? 0) > 0);
  return ready >= s.replicas && ready > 0 && !others;
}

function again(s: Situation, { spec, metadata }: Release): ReleaseAction {
  const template = setWithHash(s.view.replicaSets, spec.templateHash)?.spec.template;
  const { [TEMPLATE_HASH_LABEL]: _, ...labels } = template?.metadata?.labels ?? {};
  const deployment = {
    ...s.deployment,
    spec: { ...s.deployment.spec, template: { ...template, metadata: { ...template?.metadata, labels } } },
  };
  const gate = { stable: currentHash(s) ?? "", user: userValuesOf(s.deployment) };
  return {
    kind: "updateDeployment",
    object: shut(deployment, gate, darkReplicas(s.policy, s.deployment)),
    why: `retry of ${spec.version ?? metadata.name}`,
  };
}
