import { formatTimestamp } from "../../lib/timestamp.ts";
import type { Plan } from "../plan.ts";
import type { ReleaseAction } from "./actions.ts";
import { planAtRest } from "./at-rest.ts";
import { lateOrders } from "./late-orders.ts";
import { planLive } from "./plan-live.ts";
import { type NamedPolicyStatus, policyStatuses } from "./policy-status.ts";
import { planRemoval } from "./removal.ts";
import { type ReleaseStatus, readSituation, type Situation } from "./situation.ts";
import type { ReleaseView } from "./view.ts";

/** What is to be written besides the actions. The shell adds the ledger to the live release's status. */
export interface ReleasePlanStatus {
  readonly releases: readonly { readonly name: string; readonly status: ReleaseStatus }[];
  readonly policies: readonly NamedPolicyStatus[];
}

export type ReleasePlan = Plan<ReleaseAction, ReleasePlanStatus>;

/**
 * The next step of everything that has to do with releasing one Deployment: the rule at rest, a live release, and their
 * end. Each plan changes what can be changed at once and leaves what has to wait for it to the next look, so whatever is
 * true when it is asked again, it goes on from there.
 */
export function planRelease(view: ReleaseView, now: number): ReleasePlan {
  const { deployment } = view;
  if (!deployment || deployment.metadata.deletionTimestamp !== undefined) return withoutDeployment(view, now);
  const s = readSituation(view, deployment, now);
  const policies = policyStatuses(s, view, now);
  const late = lateOrders(s);
  if (s.live) {
    const d = planLive(s, s.live);
    const releases = [{ name: s.live.metadata.name, status: d.status }, ...late.statuses];
    return { actions: d.actions, status: { releases, policies }, ...(d.wakeAt !== undefined && { wakeAt: d.wakeAt }) };
  }
  // A retry begins a release: the rule at rest is the next look's business.
  const actions = late.actions.length > 0 ? late.actions : restOf(s);
  return { actions, status: { releases: late.statuses, policies } };
}

function restOf(s: Situation): readonly ReleaseAction[] {
  const { policy } = s;
  if (!policy || policy.metadata.deletionTimestamp !== undefined) return planRemoval(s, s.view, s.now);
  return planAtRest(s, policy);
}

/** The Deployment is gone: what it released goes with it, whoever else is behind its Services gets their users back. */
function withoutDeployment(view: ReleaseView, now: number): ReleasePlan {
  const releases = view.releases
    .filter(({ status }) => status?.endTime === undefined)
    .map(({ metadata, status }) => {
      const message = "The Deployment was deleted.";
      const ended = {
        ...status,
        phase: "Superseded" as const,
        endTime: formatTimestamp(now),
        message,
        receipt: message,
      };
      return { name: metadata.name, status: ended };
    });
  return {
    actions: planRemoval(undefined, view, now),
    status: { releases, policies: policyStatuses(undefined, view, now) },
  };
}
