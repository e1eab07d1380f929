import type { Service } from "../../api/generated/core-v1.ts";
import type { MeshWorker } from "../../api/generated/sluice-dev.ts";
import { formatTimestamp } from "../../lib/timestamp.ts";
import type { EventAction } from "../event.ts";
import type { Plan } from "../plan.ts";
import { liveWorkers } from "../routing/live-workers.ts";

/** Condition of a Service some of whose ports the kernel refuses; removed when it listens on all of them. */
const PORT_REFUSED = "PortRefused";

export interface RefusedPortsView {
  readonly service: Service;
  readonly workers: readonly MeshWorker[];
}

type Conditions = NonNullable<NonNullable<Service["status"]>["conditions"]>;
type Refusal = NonNullable<NonNullable<MeshWorker["status"]>["refused"]>[number];

/** The Service's conditions, and a Warning for each new refusal. The other ports of the Service work. */
export function planRefusedPorts({ service, workers }: RefusedPortsView, now: number): Plan<EventAction, Conditions> {
  const conditions = service.status?.conditions ?? [];
  const others = conditions.filter(({ type }) => type !== PORT_REFUSED);
  const refused = refusalsOf(service, liveWorkers(workers, now));
  const [first] = refused;
  if (!first) return { actions: [], status: others };
  const message = refused.map(({ port, message, reason }) => `port ${port}: ${message ?? reason}`).join("; ");
  const old = conditions.find(({ type }) => type === PORT_REFUSED);
  if (old?.message === message) return { actions: [], status: conditions };
  const { generation } = service.metadata;
  const condition = {
    type: PORT_REFUSED,
    status: "True",
    reason: REASONS[first.reason] ?? "ListenFailed",
    message,
    lastTransitionTime: old?.lastTransitionTime ?? formatTimestamp(now),
    ...(generation !== undefined && { observedGeneration: generation }),
  };
  const why = "the mesh cannot listen there";
  return {
    actions: [{ kind: "event", type: "Warning", reason: PORT_REFUSED, message, why }],
    status: [...others, condition],
  };
}

const REASONS: Readonly<Record<string, string>> = { EACCES: "PermissionDenied", EADDRINUSE: "AddressInUse" };

/** By port; two workers that say the same count once. */
function refusalsOf({ metadata }: Service, workers: readonly MeshWorker[]): readonly Refusal[] {
  const byPort = new Map<number, Refusal>();
  for (const { status } of workers)
    for (const refusal of status?.refused ?? [])
      if (refusal.service === metadata.name && refusal.namespace === metadata.namespace)
        byPort.set(refusal.port, refusal);
  return [...byPort.values()].sort((a, b) => a.port - b.port);
}
