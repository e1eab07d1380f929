import type { PodView } from "./view.ts";

/** When activeDeadlineSeconds are over; undefined when there are none. */
export function deadlineOf({ pod, facts }: PodView): number | undefined {
  const seconds = pod.spec.activeDeadlineSeconds;
  return seconds === undefined ? undefined : facts.acceptedAt + seconds * 1000;
}

export function isOverDeadline(view: PodView, now: number): boolean {
  const deadline = deadlineOf(view);
  return deadline !== undefined && now >= deadline;
}
