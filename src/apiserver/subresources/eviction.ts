import type { KubeObject } from "../../api/object.ts";
import { StatusError } from "../../api/status-error.ts";
import { type LabelSelectorObject, labelSelectorOf, matchesLabels } from "../../lib/label-selector.ts";
import { formatTimestamp } from "../../lib/timestamp.ts";

/** Whether a pod may be evicted. https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/ */

export interface DisruptionBudget extends KubeObject {
  readonly spec?: { readonly selector?: LabelSelectorObject };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly disruptionsAllowed?: number;
    readonly desiredHealthy?: number;
    readonly currentHealthy?: number;
    readonly disruptedPods?: Readonly<Record<string, string>>;
  };
}

const VIOLATION = "Cannot evict pod as it would violate the pod's disruption budget.";
/** How soon it is worth trying again, in seconds. */
const RETRY_AFTER = 10;

/** The one budget that protects the pod, if any. Throws InternalError when there are several. */
export function budgetOf(pod: KubeObject, budgets: readonly KubeObject[]): DisruptionBudget | undefined {
  const protecting = (budgets as readonly DisruptionBudget[]).filter(({ spec }) =>
    matchesLabels(labelSelectorOf(spec?.selector), pod.metadata.labels),
  );
  if (protecting.length > 1)
    throw new StatusError(
      "InternalError",
      "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
    );
  return protecting[0];
}

/** The budget once it has let this pod go at time `now` (milliseconds). Throws TooManyRequests when it does not. */
export function spent(budget: DisruptionBudget, pod: string, now: number): DisruptionBudget {
  const { name, generation = 0 } = budget.metadata;
  const {
    observedGeneration = 0,
    disruptionsAllowed = 0,
    desiredHealthy = 0,
    currentHealthy = 0,
  } = budget.status ?? {};
  if (observedGeneration < generation)
    throw refused(`The disruption budget ${name} is still being processed by the server.`, RETRY_AFTER);
  if (disruptionsAllowed <= 0)
    throw refused(
      `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`,
      undefined,
    );
  const disruptedPods = { ...budget.status?.disruptedPods, [pod]: formatTimestamp(now) };
  return { ...budget, status: { ...budget.status, disruptionsAllowed: disruptionsAllowed - 1, disruptedPods } };
}

function refused(why: string, retryAfterSeconds: number | undefined): StatusError {
  const causes = [{ reason: "DisruptionBudget", message: why }];
  return new StatusError("TooManyRequests", VIOLATION, {
    causes,
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  });
}
