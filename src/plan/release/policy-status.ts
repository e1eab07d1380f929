import type { ReleasePolicy } from "../../api/generated/sluice-dev.ts";
import { formatTimestamp } from "../../lib/timestamp.ts";
import { policiesFor } from "../gate/governing-policy.ts";
import type { Frontend } from "./frontends.ts";
import { ownRouteName } from "./release-rule.ts";
import { rulesInForce } from "./routing.ts";
import type { Situation } from "./situation.ts";
import { readSteps, stepsText } from "./steps.ts";
import type { ReleaseView } from "./view.ts";

export type PolicyStatus = NonNullable<ReleasePolicy["status"]>;
type Condition = NonNullable<PolicyStatus["conditions"]>[number];

export interface NamedPolicyStatus {
  readonly name: string;
  readonly status: PolicyStatus;
}

interface Ready {
  /** False only for what no waiting heals: the gate is not shut for such a policy. */
  readonly status: Condition["status"];
  readonly reason: string;
  readonly message: string;
}

/** The status of every policy that names this Deployment. */
export function policyStatuses(s: Situation | undefined, view: ReleaseView, now: number): readonly NamedPolicyStatus[] {
  const [first] = s?.policy ? [s.policy] : policiesFor(view.name, view.policies);
  return view.policies.map((policy) => {
    const ready = policy.metadata.uid === first?.metadata.uid ? readyOf(s, view) : otherwise(view, policy, first);
    const chosen = policy.metadata.uid === first?.metadata.uid;
    const frontends = chosen ? (s?.frontends ?? []) : [];
    const release = chosen ? s?.live?.metadata.name : undefined;
    return {
      name: policy.metadata.name,
      status: {
        observedGeneration: policy.metadata.generation ?? 0,
        steps: stepsText(readSteps(policy)),
        services: [...new Set(frontends.map(({ service }) => service))],
        routes: [...new Set(frontends.map(({ route }) => route.name))],
        ...(release !== undefined && { release }),
        conditions: [condition(policy, ready, now)],
      },
    };
  });
}

function readyOf(s: Situation | undefined, view: ReleaseView): Ready {
  if (!s) return { status: "False", reason: "TargetNotFound", message: `Deployment ${view.name} does not exist` };
  const [obstacle] = s.obstacles;
  if (obstacle) {
    const more = s.obstacles.length > 1 ? ` (and ${s.obstacles.length - 1} more)` : "";
    return {
      status: "False",
      reason: obstacle.reason,
      message: `${obstacle.message}${more}; new templates are not gated`,
    };
  }
  const steps = readSteps(s.policy);
  if (steps.kind === "invalid") return { status: "Unknown", reason: "InvalidSteps", message: steps.problem };
  if (!rulesInForce(s))
    return { status: "Unknown", reason: "Pending", message: "the rule is not in force in the mesh yet" };
  return { status: "True", reason: "InPlace", message: `users come by ${s.frontends.map(describe).join(", ")}` };
}

function describe(frontend: Frontend): string {
  const { service, port, route } = frontend;
  return `Service ${service} port ${port} (HTTPRoute ${route.own ? ownRouteName(frontend) : route.name})`;
}

function otherwise(view: ReleaseView, policy: ReleasePolicy, first: ReleasePolicy | undefined): Ready {
  const { kind = "Deployment", name } = policy.spec.targetRef;
  if (kind !== "Deployment")
    return {
      status: "False",
      reason: "UnsupportedTarget",
      message: `only Deployments can be released, not ${kind} ${name}`,
    };
  return {
    status: "False",
    reason: "Conflicted",
    message: `ReleasePolicy ${first?.metadata.name ?? ""} is about Deployment ${view.name} already`,
  };
}

function condition(policy: ReleasePolicy, ready: Ready, now: number): Condition {
  const before = policy.status?.conditions?.find(({ type }) => type === "Ready");
  return {
    type: "Ready",
    ...ready,
    observedGeneration: policy.metadata.generation ?? 0,
    lastTransitionTime: before?.status === ready.status ? before.lastTransitionTime : formatTimestamp(now),
  };
}
