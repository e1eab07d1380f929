import type { Release } from "../../api/generated/sluice-dev.ts";
import { formatTimestamp } from "../../lib/timestamp.ts";
import type { EventSubject, ReleaseAction } from "./actions.ts";
import { sessionOf } from "../gate/names.ts";
import type { Phase, ReleaseStatus } from "./situation.ts";

export type Progress = NonNullable<ReleaseStatus["progress"]>;
export type Cause = NonNullable<Progress["cause"]>;
type Decision = NonNullable<ReleaseStatus["decisions"]>[number];

/** A release decides dozens of times, not hundreds; beyond that the ones in the middle say least. */
const MOST_DECISIONS = 100;
const FIRST_KEPT = 20;

/** A plan for a live release under construction: its next status, and the actions on the way there. */
export class Draft {
  readonly actions: ReleaseAction[] = [];
  readonly release: Release;
  readonly now: number;
  status: ReleaseStatus;
  wakeAt: number | undefined;

  constructor(release: Release, now: number) {
    this.release = release;
    this.now = now;
    this.status = release.status ?? {};
  }

  get phase(): Phase {
    return this.status.phase ?? "Deploying";
  }

  get progress(): Progress {
    return this.status.progress ?? {};
  }

  get session(): string {
    return sessionOf(this.release, this.status.attempt ?? 1);
  }

  act(...actions: readonly ReleaseAction[]): void {
    this.actions.push(...actions);
  }

  set(change: Partial<ReleaseStatus>): void {
    this.status = { ...this.status, ...change };
  }

  /** Sets notes; undefined takes one out. */
  note(change: { readonly [K in keyof Progress]?: Progress[K] | undefined }): void {
    const notes = Object.entries({ ...this.progress, ...change }).filter(([, value]) => value !== undefined);
    this.set({ progress: Object.fromEntries(notes) as Progress });
  }

  /** Takes out fields of the status. */
  drop(...fields: readonly (keyof ReleaseStatus)[]): void {
    const left = Object.entries(this.status).filter(([name]) => !fields.includes(name as keyof ReleaseStatus));
    this.status = Object.fromEntries(left) as ReleaseStatus;
  }

  /** Looks again at this time at the latest. */
  wake(at: number): void {
    this.wakeAt = Math.min(this.wakeAt ?? Infinity, at);
  }

  /** Writes down what was decided and why. */
  decide(what: string, why: string, w?: number): void {
    const decision: Decision = {
      time: formatTimestamp(this.now),
      phase: this.phase,
      weight: percentOf(w) ?? this.status.weight ?? 0,
      what,
      why,
    };
    const decisions = [...(this.status.decisions ?? []), decision];
    const kept =
      decisions.length > MOST_DECISIONS
        ? [...decisions.slice(0, FIRST_KEPT), ...decisions.slice(FIRST_KEPT - MOST_DECISIONS)]
        : decisions;
    this.set({ decisions: kept });
  }

  /** Changes the phase, writes the decision down and tells it as an event. */
  enter(phase: Phase, reason: string, why: string, type: "Normal" | "Warning" = "Normal"): void {
    this.set({ phase });
    if (phase !== "Held") this.drop("held");
    this.decide(phase, why);
    this.tell(reason, why, type);
  }

  tell(reason: string, message: string, type: "Normal" | "Warning" = "Normal"): void {
    const { name, uid } = this.release.metadata;
    const about: readonly EventSubject[] = [{ kind: "Release", name, uid }, ...deploymentOf(this.release)];
    for (const each of about)
      this.act({ kind: "event", about: each, type, reason, message, why: "so that people know" });
  }
}

function deploymentOf({ spec, metadata }: Release): readonly EventSubject[] {
  const owner = metadata.ownerReferences?.find(({ kind }) => kind === "Deployment");
  return owner ? [{ kind: "Deployment", name: spec.targetRef.name, uid: owner.uid }] : [];
}

/** Weights of a status are percentages: 0.05 → 5. */
export function percentOf(w: number | undefined): number | undefined {
  return w === undefined ? undefined : Number((w * 100).toPrecision(6));
}
