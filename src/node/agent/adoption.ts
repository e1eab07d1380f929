import type { ContainerStatus, Pod } from "../../api/generated/core-v1.ts";
import { parseTimestamp } from "../../lib/timestamp.ts";
import type {
  ContainerFacts,
  EndedInstance,
  EndFacts,
  InstanceFacts,
  PodFacts,
  ProbeVerdicts,
} from "../../plan/node/view.ts";
import type { Exit, Running } from "../runtime.ts";
import { factsOf } from "./pod-containers.ts";
import { firstVerdicts } from "./prober.ts";

/** An instance of an earlier control process, and how it ended if it did. */
export interface Found {
  readonly running: Running;
  readonly exit?: Exit;
}

/** Looks which of the instances have ended already. */
export async function examine(all: readonly Running[]): Promise<readonly Found[]> {
  const later = Symbol("later");
  return Promise.all(
    all.map(async (running) => {
      const exit = await Promise.race([
        running.exited,
        new Promise<typeof later>((resolve) => setImmediate(resolve, later)),
      ]);
      return exit === later ? { running } : { running, exit };
    }),
  );
}

/** A pod that runs here but is not in the API any more: what is known of it is enough to end it. */
export function orphanPod(uid: string, found: readonly Found[]): Pod {
  const names = [...new Set(found.map(({ running }) => running.name))];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: uid, namespace: "", uid, resourceVersion: "0", creationTimestamp: "1970-01-01T00:00:00Z" },
    spec: { restartPolicy: "Never", containers: names.map((name) => ({ name })) },
  };
}

export interface AdoptedPod {
  readonly facts: PodFacts;
  /** Instances that run, with what was last said of them. */
  readonly running: readonly (readonly [Running, ProbeVerdicts])[];
}

/** The facts of a pod that an earlier control process took on. `endOf` tells how an instance ended. */
export async function adoptPod(
  pod: Pod,
  found: readonly Found[],
  now: number,
  podIP: string | undefined,
  endOf: (running: Running, exit: Exit) => Promise<EndFacts>,
): Promise<AdoptedPod> {
  const containers: Record<string, ContainerFacts> = {};
  const running: [Running, ProbeVerdicts][] = [];
  const byName = Map.groupBy(found, (one) => one.running.name);
  for (const [name, instances] of byName) {
    const [newest, before] = instances.toSorted((a, b) => b.running.instance - a.running.instance);
    if (!newest) continue;
    const current = await instanceOf(pod, newest, endOf);
    const previous = before && (await instanceOf(pod, before, endOf));
    containers[name] = { current, ...(previous?.end && { previous: previous as EndedInstance }) };
    if (!newest.exit) running.push([newest.running, current.probes]);
  }
  const acceptedAt = parseTimestamp(pod.status?.startTime) ?? now;
  const surroundings = running.length > 0 ? "ready" : "none";
  return { facts: { acceptedAt, surroundings, containers, ...(podIP !== undefined && { podIP }) }, running };
}

async function instanceOf(
  pod: Pod,
  { running, exit }: Found,
  endOf: (running: Running, exit: Exit) => Promise<EndFacts>,
): Promise<InstanceFacts> {
  const container = [...(pod.spec.initContainers ?? []), ...pod.spec.containers].find(
    ({ name }) => name === running.name,
  );
  const said = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])].find(
    ({ containerID }) => containerID === running.id,
  );
  const facts = factsOf(container, running, container ? verdictsOf(container, said) : undefined);
  return exit ? { ...facts, end: await endOf(running, exit) } : facts;
}

/**
 * A pod that was ready stays so until its probes say otherwise: a restart of the control process must not take it out
 * of its Service.
 */
function verdictsOf(container: Pod["spec"]["containers"][number], said: ContainerStatus | undefined): ProbeVerdicts {
  const first = firstVerdicts(container);
  if (!said) return first;
  return {
    startup: said.started ? "passed" : first.startup,
    liveness: "passed",
    readiness: said.ready ? "passed" : first.readiness,
  };
}
