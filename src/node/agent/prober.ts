import type { Container, Probe } from "../../api/generated/core-v1.ts";
import type { Cancel, Clock } from "../../lib/clock.ts";
import {
  countProbe,
  initialProbeState,
  nextProbeDelay,
  type ProbeKind,
  type ProbeState,
} from "../../plan/node/probe-state.ts";
import type { ProbeVerdicts } from "../../plan/node/view.ts";
import type { Runtime } from "../runtime.ts";
import { type ProbeResult, type ProbeTarget, runProbe } from "./probe-handlers.ts";

export interface ProberOptions {
  readonly target: ProbeTarget;
  readonly runtime: Runtime;
  readonly clock: Clock;
  /** When the container was started, ms since the epoch. */
  readonly startedAt: number;
  /** What was known of a container that is adopted. */
  readonly verdicts: ProbeVerdicts;
  readonly onVerdict: (verdicts: Partial<ProbeVerdicts>) => void;
  /** A probe that failed, or passed with a warning; for the events. */
  readonly onResult: (kind: ProbeKind, result: ProbeResult) => void;
}

/**
 * Probes one container instance: startup first, then liveness and readiness.
 * https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/
 */
export class Prober {
  readonly #options: ProberOptions;
  readonly #workers = new Map<ProbeKind, ProbeWorker>();
  #stopped = false;

  constructor(options: ProberOptions) {
    this.#options = options;
  }

  start(): void {
    const { target, verdicts } = this.#options;
    if (target.container.startupProbe && verdicts.startup !== "passed")
      this.#add("startup", target.container.startupProbe);
    else this.#startOthers();
  }

  /** A container that is being stopped is only asked whether it is ready. */
  stopKilling(): void {
    for (const kind of ["startup", "liveness"] as const) this.#workers.get(kind)?.stop();
  }

  stop(): void {
    this.#stopped = true;
    for (const worker of this.#workers.values()) worker.stop();
  }

  #startOthers(): void {
    const { livenessProbe, readinessProbe } = this.#options.target.container;
    if (livenessProbe) this.#add("liveness", livenessProbe);
    if (readinessProbe) this.#add("readiness", readinessProbe);
  }

  #add(kind: ProbeKind, probe: Probe): void {
    const { verdicts } = this.#options;
    const passed = kind !== "startup" && verdicts[kind] === "passed";
    const worker = new ProbeWorker(kind, probe, this.#options, passed, (verdict) => this.#report(kind, verdict));
    this.#workers.set(kind, worker);
    worker.start();
  }

  #report(kind: ProbeKind, verdict: "passed" | "failed"): void {
    if (this.#stopped) return;
    this.#options.onVerdict({ [kind]: verdict });
    // After a failure that ends the container nothing more is to be found out; after a start the others begin.
    if (kind !== "readiness" && verdict === "failed") this.#workers.get(kind)?.stop();
    if (kind === "startup" && verdict === "passed") {
      this.#workers.get(kind)?.stop();
      this.#startOthers();
    }
  }
}

/** What the probes say of a container before the first probe. */
export function firstVerdicts({ startupProbe, readinessProbe }: Container): ProbeVerdicts {
  return {
    startup: startupProbe ? "unknown" : "passed",
    liveness: "passed",
    readiness: readinessProbe ? "failed" : "passed",
  };
}

class ProbeWorker {
  readonly #kind: ProbeKind;
  readonly #probe: Probe;
  readonly #options: ProberOptions;
  readonly #report: (verdict: "passed" | "failed") => void;
  #state: ProbeState;
  #eager = 0;
  #regularAt = 0;
  #cancel: Cancel | undefined;
  #stopped = false;

  constructor(
    kind: ProbeKind,
    probe: Probe,
    options: ProberOptions,
    passed: boolean,
    report: (verdict: "passed" | "failed") => void,
  ) {
    this.#kind = kind;
    this.#probe = probe;
    this.#options = options;
    this.#report = report;
    this.#state = passed ? { ...initialProbeState(kind), verdict: "success" } : initialProbeState(kind);
  }

  /** Regular probes come each period after the initial delay; what is not known yet is asked for at once. */
  start(): void {
    const { clock, startedAt } = this.#options;
    const begin = Math.max(0, startedAt + (this.#probe.initialDelaySeconds ?? 0) * 1000 - clock.now());
    this.#regularAt = clock.monotonic() + begin + this.#period;
    const isAsked = this.#kind !== "liveness" && this.#state.verdict !== "success";
    this.#later(isAsked ? begin : begin + this.#period);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  get #period(): number {
    return (this.#probe.periodSeconds ?? 10) * 1000;
  }

  #later(delay: number): void {
    this.#cancel = this.#options.clock.after(delay, () => void this.#run());
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    const eager = clock.monotonic() < this.#regularAt;
    const result = await this.#probeOnce();
    if (this.#stopped) return;
    const before = this.#state.verdict;
    this.#state = countProbe(this.#state, result.outcome, this.#probe, eager);
    if (result.warning !== undefined || (result.outcome !== "success" && !eager))
      this.#options.onResult(this.#kind, result);
    const { verdict } = this.#state;
    if (verdict !== before && verdict !== "unknown") this.#report(verdict === "success" ? "passed" : "failed");
    if (this.#stopped) return;
    if (verdict !== before) this.#eager = 0;
    this.#schedule();
  }

  #schedule(): void {
    const now = this.#options.clock.monotonic();
    while (this.#regularAt <= now) this.#regularAt += this.#period;
    this.#later(nextProbeDelay(this.#kind, this.#state, this.#eager++, this.#regularAt - now));
  }

  async #probeOnce(): Promise<ProbeResult> {
    const { target, runtime, clock } = this.#options;
    const abort = new AbortController();
    const cancel = clock.after((this.#probe.timeoutSeconds ?? 1) * 1000, () => abort.abort(new Error("timed out")));
    try {
      return await runProbe(this.#probe, target, runtime, abort.signal);
    } finally {
      cancel();
    }
  }
}
