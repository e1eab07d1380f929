import type { Pod, Service } from "../../api/generated/core-v1.ts";
import { parseTimestamp } from "../../lib/timestamp.ts";
import { podCondition } from "../pods/readiness.ts";

export const TRIGGER_TIME = "endpoints.kubernetes.io/last-change-trigger-time";

/** When the things last changed that the endpoints of a Service follow from. */
export interface Triggers {
  readonly service: string;
  /** By pod name: when it last became ready or unready. */
  readonly pods: Readonly<Record<string, string>>;
}

export function triggersOf(service: Service, pods: readonly Pod[]): Triggers {
  const times = pods.flatMap((pod) => {
    const time = podCondition(pod, "Ready")?.lastTransitionTime;
    return time === undefined ? [] : [[pod.metadata.name, time] as const];
  });
  return { service: service.metadata.creationTimestamp, pods: Object.fromEntries(times) };
}

/**
 * The time that is noted on what a pass writes, so that its delay can be measured: that of the earliest change since the pass before, and
 * for the first pass that of the Service. Undefined when the change has another cause (a label, a deletion): nothing is noted.
 */
export function triggerTime(before: Triggers | undefined, { service, pods }: Triggers): string | undefined {
  if (!before) return service;
  let earliest = isLater(service, before.service) ? service : undefined;
  for (const [name, time] of Object.entries(pods))
    if (isLater(time, before.pods[name]) && (earliest === undefined || isLater(earliest, time))) earliest = time;
  return earliest;
}

function isLater(a: string, b: string | undefined): boolean {
  return (parseTimestamp(a) ?? 0) > (parseTimestamp(b) ?? 0);
}

/** The annotations with the time noted, or without it. */
export function withTriggerTime(
  annotations: Readonly<Record<string, string>>,
  time: string | undefined,
): Readonly<Record<string, string>> {
  const { [TRIGGER_TIME]: _, ...others } = annotations;
  return time === undefined ? others : { ...others, [TRIGGER_TIME]: time };
}
