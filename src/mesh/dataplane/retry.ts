import type { Failure } from "./failure.ts";

/** What there is to know when an attempt to answer a request has failed and nothing has reached the client. */
export interface FailedAttempt {
  /** `answered`: with a status of 500 or more. */
  readonly failure: Failure | "answered";
  /** Attempts to this backend so far, this one included. */
  readonly attempts: number;
  /** The method may be carried out twice (RFC 9110 §9.2.2). */
  readonly idempotent: boolean;
  /** All content that has come is kept. */
  readonly replayable: boolean;
  /** The connection had carried a request before: the server may have closed it just then. */
  readonly reused: boolean;
  /** The backend has an endpoint that has not been tried. */
  readonly another: boolean;
  readonly version: "new" | "old" | undefined;
  readonly retryOnStable: boolean;
  /** The old version has an endpoint. */
  readonly stableReady: boolean;
  /** The gate of the session is shut: the new version must not get it again. */
  readonly shut: boolean;
}

/** `again`: to the same backend; `stable`: to the old version; `answer`: tell the client. `paid`: only within the retry budget. */
export interface Step {
  readonly to: "again" | "stable" | "answer";
  readonly paid: boolean;
}

const MOST_ATTEMPTS = 4;
const ANSWER: Step = { to: "answer", paid: false };
/** The old version has to take what the new one cannot or must not: no question of a budget. */
const TO_STABLE: Step = { to: "stable", paid: false };

/**
 * What to do next. Nothing was written: any method may be tried elsewhere. A connection that was in use before was closed without
 * an answer: the usual race, tried again once more. Anything else was a real failure: only idempotent methods,
 * once for each, within the budget; for the new version of a release only on the old one.
 */
export function nextStep(attempt: FailedAttempt): Step {
  if (!attempt.replayable || !(attempt.idempotent || isUnwritten(attempt))) return ANSWER;
  const toStable = attempt.version === "new" && attempt.stableReady ? stepToStable(attempt) : undefined;
  if (toStable && attempt.shut) return toStable;
  if (attempt.attempts < MOST_ATTEMPTS && isFree(attempt)) return { to: "again", paid: false };
  if (toStable) return toStable;
  const another = attempt.attempts < MOST_ATTEMPTS && attempt.failure === "reset" && attempt.another;
  return another && !isBarred(attempt) ? { to: "again", paid: true } : ANSWER;
}

/** Whether the old version may take it. While it has an endpoint, no rule of a release answers 503 (docs/architecture.md, Sessions). */
function stepToStable(attempt: FailedAttempt): Step | undefined {
  if (isUnwritten(attempt) || (attempt.shut && isFree(attempt))) return TO_STABLE;
  return attempt.retryOnStable ? { to: "stable", paid: !attempt.shut } : undefined;
}

/** The gate is shut: not again to the new version, if the old one could have it. */
const isBarred = ({ version, shut, stableReady }: FailedAttempt): boolean => version === "new" && shut && stableReady;

const isUnwritten = ({ failure }: FailedAttempt): boolean => failure === "refused" || failure === "unavailable";

/** Trying again costs the backend nothing: the request has not been seen by anyone. */
function isFree({ failure, another, reused }: FailedAttempt): boolean {
  return (failure === "refused" && another) || (failure === "reset" && reused);
}

/** True for a failed attempt that says nothing about the version: another endpoint, or another connection, gets the same request. */
export function isHarmless({ failure, reused }: FailedAttempt, step: Step): boolean {
  return step.to === "again" && (failure === "refused" || (failure === "reset" && reused));
}

const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"]);

export const isIdempotent = (method: string): boolean => IDEMPOTENT.has(method);
