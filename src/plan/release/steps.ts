import type { ReleasePolicy } from "../../api/generated/sluice-dev.ts";
import { parseDuration } from "../../lib/duration.ts";

/** How weights grow: by evidence and budget, or step by step as written. */
export type Steps =
  | { readonly kind: "auto" }
  | { readonly kind: "listed"; readonly steps: readonly Step[] }
  /** Nothing grows by itself until the policy is mended. */
  | { readonly kind: "invalid"; readonly problem: string };

export type Step =
  /** A weight (a share), held until all of what is given has been reached: requests of the new version, milliseconds. */
  | { readonly kind: "weight"; readonly w: number; readonly requests: number; readonly ms: number }
  /** A stop until `promote`, or for a time. */
  | { readonly kind: "pause"; readonly ms: number | undefined };

/** The default times of a policy, in milliseconds. */
const DEFAULTS = { soak: 120_000, patience: 600_000, bake: 600_000 } as const;

export function timeOf(policy: ReleasePolicy | undefined, which: keyof typeof DEFAULTS): number {
  return parseDuration(policy?.spec[which] ?? "") ?? DEFAULTS[which];
}

export function readSteps(policy: ReleasePolicy | undefined): Steps {
  const written: unknown = policy?.spec.steps ?? "auto";
  if (written === "auto") return { kind: "auto" };
  if (!Array.isArray(written) || written.length === 0)
    return { kind: "invalid", problem: 'spec.steps: must be "auto" or a list of steps' };
  const steps: Step[] = [];
  for (const [index, each] of written.entries()) {
    const step = readStep(each);
    if (typeof step === "string") return { kind: "invalid", problem: `spec.steps[${index}]: ${step}` };
    steps.push(step);
  }
  return { kind: "listed", steps };
}

function readStep(written: unknown): Step | string {
  if (typeof written !== "object" || written === null || Array.isArray(written)) return "must be an object";
  const { weight, requests, for: time, pause, ...unknown } = written as Readonly<Record<string, unknown>>;
  const [first] = Object.keys(unknown);
  if (first !== undefined) return `unknown field ${JSON.stringify(first)}`;
  if (pause === undefined) return readWeight(weight, requests ?? 0, time ?? "0s");
  return weight === undefined ? readPause(pause) : "weight and pause exclude each other";
}

function readWeight(weight: unknown, requests: unknown, time: unknown): Step | string {
  if (typeof weight !== "number" || !(weight >= 0 && weight <= 100)) return "weight must be a number from 0 to 100";
  if (typeof requests !== "number" || !(requests >= 0)) return "requests must be a number";
  const ms = typeof time === "string" ? parseDuration(time) : undefined;
  if (ms === undefined) return 'for must be a duration, like "2m"';
  return { kind: "weight", w: weight / 100, requests, ms };
}

function readPause(written: unknown): Step | string {
  if (typeof written !== "object" || written === null) return "pause must be an object";
  const time = (written as Readonly<Record<string, unknown>>)["for"];
  if (time === undefined) return { kind: "pause", ms: undefined };
  const ms = typeof time === "string" ? parseDuration(time) : undefined;
  return ms === undefined ? 'pause.for must be a duration, like "2m"' : { kind: "pause", ms };
}

/** For the policy's column: `auto`, `1 %, pause, 25 %`. */
export function stepsText(steps: Steps): string {
  if (steps.kind !== "listed") return steps.kind;
  return steps.steps
    .map((step) => (step.kind === "pause" ? "pause" : `${Number((step.w * 100).toPrecision(3))} %`))
    .join(", ");
}
