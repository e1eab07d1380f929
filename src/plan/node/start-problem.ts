import type { ContainerFacts, StartProblem } from "./view.ts";

/** Milliseconds between attempts to start a container whose surroundings are wrong, as in the kubelet. */
const RETRY = 10_000;
const FIRST_IMAGE_BACKOFF = 10_000;
const MAX_IMAGE_BACKOFF = 300_000;
/** So long a failed pull is shown as ErrImagePull before it becomes ImagePullBackOff. Milliseconds. */
export const SHOW_PULL_ERROR = 1000;

export type StartFailure = Pick<StartProblem, "kind" | "reason" | "message">;

/**
 * The facts after a failed start: what to say of it and when to try again. A missing image is looked for less and less
 * often.
 */
export function afterStartFailure(facts: ContainerFacts, failure: StartFailure, now: number): ContainerFacts {
  if (failure.reason !== "ErrImagePull") {
    return { ...facts, problem: { ...failure, at: now, retryAt: now + RETRY } };
  }
  const imageBackoff = Math.min((facts.imageBackoff ?? FIRST_IMAGE_BACKOFF / 2) * 2, MAX_IMAGE_BACKOFF);
  return { ...facts, imageBackoff, problem: { ...failure, at: now, retryAt: now + imageBackoff } };
}

/** The facts once a failed pull is shown as a delayed one. */
export function afterImageBackoff(facts: ContainerFacts, image: string): ContainerFacts {
  const { problem } = facts;
  if (!problem) return facts;
  const message = `Back-off pulling image ${JSON.stringify(image)}: ${problem.reason}: ${problem.message}`;
  return { ...facts, problem: { ...problem, reason: "ImagePullBackOff", message } };
}
