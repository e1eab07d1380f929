import type { Release } from "../../../api/generated/sluice-dev.ts";
import { AppError } from "../../../lib/app-error.ts";
import { hasEnded, type Phase, phaseOf } from "../../releases/releases.ts";
import { RESTAURANT, type Stage } from "../stage.ts";

/** What the acts with a ReleasePolicy have in common. */

/** Who tests in production says so by this header. */
export const TESTER: Readonly<Record<string, string>> = { testuser: "demo" };

const IN_PLACE = 20_000;
const BEGIN = 20_000;

/** Applies the example's policy with changes, and waits until it is in place. */
export async function applyPolicy(stage: Stage, changes: Readonly<Record<string, unknown>>): Promise<void> {
  await stage.sluice(["apply", "-f", stage.files.shown(stage.files.policy(changes))]);
  await stage.until("the policy is in place", IN_PLACE, () =>
    stage.world.policies.list().some(({ metadata, status }) => {
      const ready = status?.conditions?.find(({ type }) => type === "Ready");
      return ready?.status === "True" && status?.observedGeneration === metadata.generation;
    }),
  );
}

/** Sets the image, as a user does; returns the release that begins with it. */
export async function beginRelease(stage: Stage, version: string): Promise<Release> {
  const known = new Set(stage.world.releases.list().map(({ metadata }) => metadata.uid));
  await stage.sluice(["set", "image", `deployment/${RESTAURANT}`, `${RESTAURANT}=${RESTAURANT}:${version}`]);
  return stage.until("a release begins", BEGIN, () =>
    stage.world.releases.list().find(({ metadata }) => !known.has(metadata.uid)),
  );
}

/** The release as it is now. */
export function current(stage: Stage, { metadata }: Release): Release | undefined {
  return stage.world.releases.get(`${metadata.namespace}/${metadata.name}`);
}

/** Waits for a phase, and tells each change of what the release says on the way. Throws when it ends otherwise. */
export function untilPhase(stage: Stage, release: Release, timeout: number, phase: Phase): Promise<Release> {
  let told = "";
  return stage.until(`the release is ${phase}`, timeout, () => {
    const now = current(stage, release);
    if (!now) return undefined;
    const line = `${phaseOf(now)} at ${now.status?.weightText ?? "0 %"}`;
    if (line !== told) stage.screen.print(`  ${line}: ${now.status?.message ?? ""}`);
    told = line;
    if (phaseOf(now) === phase) return now;
    if (hasEnded(now)) throw new AppError("demo", `the release ended as ${phaseOf(now)}: ${now.status?.receipt ?? ""}`);
    return undefined;
  });
}

/** The template hashes that the restaurant service's pods have. */
export function hashesOf(stage: Stage): readonly string[] {
  return [...new Set(stage.restaurantPods().flatMap(({ metadata }) => metadata.labels?.["pod-template-hash"] ?? []))];
}
