import type { Deployment, DeploymentCondition } from "../../api/generated/apps-v1.ts";
import {
  type Conditions,
  findCondition,
  newCondition,
  removeCondition,
  replaceCondition,
} from "../deployment/conditions.ts";
import type { EventAction } from "../event.ts";
import type { Diagnosis } from "./diagnosis.ts";

export const STUCK = "Stuck";

/** The Deployment's conditions with, or without, the condition Stuck; and an event when there is a new cause. */
export interface StuckVerdict {
  readonly conditions: Conditions;
  readonly event?: EventAction;
}

/**
 * Sets the condition while there is a diagnosis and removes it when it has healed: it is never False. The same cause is told once.
 * `canUndo`: an older revision is there to go back to.
 */
export function withStuck(
  deployment: Deployment,
  conditions: Conditions,
  diagnosis: Diagnosis | undefined,
  canUndo: boolean,
  now: number,
): StuckVerdict {
  if (!diagnosis) return { conditions: removeCondition(conditions, STUCK) };
  const current = findCondition(conditions, STUCK);
  if (current && isSameCause(current, diagnosis)) return { conditions };
  const message = [diagnosis.cause, diagnosis.hint, waysOut(deployment, canUndo)].filter(Boolean).join(" ");
  const condition = newCondition(STUCK, "True", diagnosis.reason, message, now);
  return {
    conditions: replaceCondition(conditions, condition),
    event: { kind: "event", type: "Warning", reason: STUCK, message, why: "the rollout cannot succeed as it is" },
  };
}

/** The log's last line may differ from crash to crash: it does not make another cause. */
function isSameCause({ reason, message }: DeploymentCondition, diagnosis: Diagnosis): boolean {
  return reason === diagnosis.reason && message?.startsWith(diagnosis.cause) === true;
}

function waysOut({ metadata: { name, namespace = "default" } }: Deployment, canUndo: boolean): string {
  const fix = `Fix the manifest and apply it: kubectl apply -f FILE -n ${namespace}`;
  return canUndo ? `${fix}; or go back: kubectl rollout undo deployment/${name} -n ${namespace}` : fix;
}
