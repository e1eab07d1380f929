import type { Container, Pod } from "../../api/generated/core-v1.ts";
import { type Clock, sleep } from "../../lib/clock.ts";
import type { PodAction } from "../../plan/node/actions.ts";
import type { PodEvent } from "../../plan/node/pod-events.ts";
import type { ProbeKind } from "../../plan/node/probe-state.ts";
import type { InstanceFacts, ProbeVerdicts } from "../../plan/node/view.ts";
import type { Running } from "../runtime.ts";
import { StartError } from "./container-starter.ts";
import { runHook } from "./hooks.ts";
import type { NodeContext } from "./node-context.ts";
import { containerLogPath } from "./node-config.ts";
import type { ProbeTarget } from "./probe-handlers.ts";
import { firstVerdicts, Prober } from "./prober.ts";
import type { PodSetup } from "./pod-setup.ts";
import { stopSignalOf } from "./stop-signal.ts";

type ActionOf<K extends PodAction["kind"]> = Extract<PodAction, { kind: K }>;

export interface PodContainersOptions {
  readonly context: NodeContext;
  readonly setup: PodSetup;
  /** The newest state of the pod. */
  readonly pod: () => Pod;
  readonly happen: (event: PodEvent) => void;
}

interface Live {
  readonly running: Running;
  readonly prober: Prober;
}

const KILLED_BY_START = 128;

/** The containers of one pod: does what the plan says and tells what happens. */
export class PodContainers {
  readonly #options: PodContainersOptions;
  readonly #live = new Map<string, Live>();
  readonly #stop = new AbortController();

  constructor(options: PodContainersOptions) {
    this.#options = options;
  }

  /** Takes over an instance of an earlier control process. `ready` and `started` are what it last said of it. */
  adopt(running: Running, verdicts: ProbeVerdicts): void {
    const container = this.#find(running.name);
    this.#watch(container ?? { name: running.name }, running, verdicts);
  }

  async start({ container: name, instance, hash, backoff }: ActionOf<"start">): Promise<void> {
    const { context, setup, happen } = this.#options;
    const pod = this.#options.pod();
    const container = this.#find(name);
    if (!container) return;
    const { clock, objects, starter } = context;
    const services = objects.servicesOf(pod.metadata.namespace ?? "");
    const sources = await objects.sourcesOf(pod);
    const request = { pod, container, instance, hash, sources, services, ...setup.placeOf(pod) };
    const delay = backoff && { backoff };
    try {
      const running = await starter.start(request, (type, reason, message) => this.#tell(name, type, reason, message));
      happen({ kind: "started", container: name, instance: factsOf(container, running), ...delay });
      this.#watch(container, running, firstVerdicts(container));
      void this.#postStart(container, running);
      await this.#forgetOlder(name, instance);
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      if (error.failure.reason !== "StartError")
        happen({ kind: "startFailed", container: name, failure: error.failure, at: clock.now() });
      else this.#neverRan(container, instance, hash, error.message, delay);
    }
  }

  beginStop({ container, instance, grace, message }: ActionOf<"beginStop">): void {
    this.#tell(container, "Normal", "Killing", message);
    this.#live.get(container)?.prober.stopKilling();
    this.#options.happen({ kind: "stopBegun", container, instance, grace, at: this.#options.context.clock.now() });
  }

  preStop({ container: name, instance, timeout }: ActionOf<"preStop">): void {
    const { happen } = this.#options;
    const container = this.#find(name);
    const handler = container?.lifecycle?.preStop;
    const running = this.#live.get(name)?.running;
    happen({ kind: "preStop", container: name, instance, state: "running" });
    const done = (): void => happen({ kind: "preStop", container: name, instance, state: "done" });
    if (!container || !handler || !running) return done();
    const { clock, runtime } = this.#options.context;
    void within(clock, timeout, this.#stop.signal, (signal) =>
      runHook(handler, this.#target(container, running), runtime, clock, signal),
    )
      .catch(() => this.#tell(name, "Warning", "FailedPreStopHook", "PreStopHook failed"))
      .finally(done);
    return undefined;
  }

  signal({ container: name, instance }: ActionOf<"signal">): void {
    const { context, happen } = this.#options;
    const running = this.#live.get(name)?.running;
    const container = this.#find(name);
    running?.signal(stopSignalOf(container, running && context.images.find(running.image.id)?.config.StopSignal));
    happen({ kind: "signalled", container: name, instance, at: context.clock.now() });
  }

  kill({ container, instance }: ActionOf<"kill">): void {
    this.#live.get(container)?.running.kill();
    this.#options.happen({ kind: "killed", container, instance, at: this.#options.context.clock.now() });
  }

  announceBackoff({ container, instance }: ActionOf<"announceBackoff">): void {
    const { name, namespace = "", uid } = this.#options.pod().metadata;
    this.#tell(
      container,
      "Warning",
      "BackOff",
      `Back-off restarting failed container ${container} in pod ${name}_${namespace}(${uid})`,
    );
    this.#options.happen({ kind: "backoffAnnounced", container, instance });
  }

  announceImageBackoff({ container }: ActionOf<"announceImageBackoff">, problem: string): void {
    const image = this.#find(container)?.image ?? "";
    this.#tell(
      container,
      "Normal",
      "BackOff",
      `Back-off pulling image ${JSON.stringify(image)}: ErrImagePull: ${problem}`,
    );
    this.#tell(container, "Warning", "Failed", "Error: ImagePullBackOff");
    this.#options.happen({ kind: "imageBackoffAnnounced", container, image });
  }

  /** Resolves when the instance has ended: at once when it does not run. */
  async ended(container: string, instance: number): Promise<void> {
    const running = this.#live.get(container)?.running;
    if (running?.instance === instance) await running.exited;
  }

  /** Images that running containers were made from. */
  imageIds(): readonly string[] {
    return [...this.#live.values()].map(({ running }) => running.image.id);
  }

  /** Stops looking; what runs goes on running. */
  dispose(): void {
    this.#stop.abort(new Error("the node agent stops"));
    for (const { prober, running } of this.#live.values()) {
      prober.stop();
      this.#options.context.logs.release(running.logPath);
    }
    this.#live.clear();
  }

  #find(name: string): Container | undefined {
    const pod = this.#options.pod();
    return [...(pod.spec.initContainers ?? []), ...pod.spec.containers].find((container) => container.name === name);
  }

  #target(container: Container, running: Running): ProbeTarget {
    return { container, instance: running, podIP: this.#options.setup.placeOf(this.#options.pod()).podIP };
  }

  #watch(container: Container, running: Running, verdicts: ProbeVerdicts): void {
    const { context, happen } = this.#options;
    const { clock, runtime, logs } = context;
    const of = { container: running.name, instance: running.instance };
    const prober = new Prober({
      target: this.#target(container, running),
      runtime,
      clock,
      startedAt: running.startedAt,
      verdicts,
      onVerdict: (change) => happen({ kind: "probed", ...of, verdicts: change }),
      onResult: (kind, { output, warning }) => this.#tellProbe(container.name, kind, output, warning),
    });
    this.#live.set(running.name, { running, prober });
    logs.keep(running.logPath, running.startedAt);
    prober.start();
    void running.exited.then(async (exit) => {
      prober.stop();
      if (this.#stop.signal.aborted) return;
      logs.release(running.logPath);
      happen({ kind: "ended", ...of, end: await this.#options.setup.endOf(running, exit) });
    });
  }

  /** The runtime refused to execute the program: that counts as a crash. */
  #neverRan(
    container: Container,
    instance: number,
    hash: string,
    message: string,
    delay: { backoff: NonNullable<ActionOf<"start">["backoff"]> } | undefined,
  ): void {
    const { context, pod, happen } = this.#options;
    const at = context.clock.now();
    const id = `process://${pod().metadata.uid}/${container.name}/${instance}`;
    const facts: InstanceFacts = {
      instance,
      id,
      image: container.image ?? "",
      imageID: "",
      hash,
      startedAt: at,
      stale: false,
      postStart: "none",
      probes: firstVerdicts(container),
    };
    happen({ kind: "started", container: container.name, instance: facts, ...delay });
    const end = { exitCode: KILLED_BY_START, at, reason: "StartError", message };
    happen({ kind: "ended", container: container.name, instance, end });
  }

  async #postStart(container: Container, running: Running): Promise<void> {
    const handler = container.lifecycle?.postStart;
    if (!handler) return;
    const { context, happen } = this.#options;
    const of = { container: container.name, instance: running.instance };
    try {
      await runHook(handler, this.#target(container, running), context.runtime, context.clock, this.#stop.signal);
      happen({ kind: "postStart", ...of, state: "done" });
    } catch {
      this.#tell(container.name, "Warning", "FailedPostStartHook", "PostStartHook failed");
      happen({ kind: "postStart", ...of, state: "failed" });
    }
  }

  /** The newest instance and the one before are kept, for `kubectl logs --previous`. */
  async #forgetOlder(name: string, instance: number): Promise<void> {
    const { context, pod } = this.#options;
    if (instance < 2) return;
    const { uid } = pod().metadata;
    await context.runtime.removeContainer({ podUid: uid, name, instance: instance - 2 });
    context.logs.remove(containerLogPath(context.config.home, pod(), name, instance - 2));
  }

  #tellProbe(container: string, kind: ProbeKind, output: string, warning: string | undefined): void {
    const probe = `${kind.charAt(0).toUpperCase()}${kind.slice(1)} probe`;
    if (warning !== undefined) this.#tell(container, "Warning", "ProbeWarning", `${probe} warning: ${warning}`);
    else this.#tell(container, "Warning", "Unhealthy", `${probe} failed: ${output}`);
  }

  #tell(container: string, type: "Normal" | "Warning", reason: string, message: string): void {
    const pod = this.#options.pod();
    const isInit = pod.spec.initContainers?.some(({ name }) => name === container) ?? false;
    const path = `spec.${isInit ? "initContainers" : "containers"}{${container}}`;
    this.#options.context.recorder.record(pod, { type, reason, message }, path);
  }
}

/** The facts of an instance that has just been started, or was taken over. */
export function factsOf(container: Container | undefined, running: Running, verdicts?: ProbeVerdicts): InstanceFacts {
  const { instance, id, image, hash, startedAt, stale } = running;
  const hook = container?.lifecycle?.postStart === undefined ? "none" : verdicts ? "done" : "running";
  const probes =
    verdicts ?? (container ? firstVerdicts(container) : { startup: "passed", liveness: "passed", readiness: "passed" });
  return { instance, id, image: image.name, imageID: image.reference, hash, startedAt, stale, postStart: hook, probes };
}

/** Runs `work` with a signal that is aborted after `timeout` milliseconds. */
async function within(
  clock: Clock,
  timeout: number,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const timer = new AbortController();
  const done = new AbortController();
  void sleep(clock, timeout, AbortSignal.any([done.signal])).then(
    () => timer.abort(new Error("timed out")),
    () => undefined,
  );
  try {
    await work(AbortSignal.any([timer.signal, outer]));
  } finally {
    done.abort(new Error("done"));
  }
}
