import type { HTTPRoute } from "../../api/generated/gateway-networking-k8s-io.ts";
import type { MeshWorker } from "../../api/generated/sluice-dev.ts";
import { formatTimestamp } from "../../lib/timestamp.ts";
import type { Plan } from "../plan.ts";
import type { RouteFinding } from "../routing/findings.ts";
import { hasApplied, leaseEnd, liveWorkers } from "../routing/live-workers.ts";

/** The name under which the mesh reports about routes. */
export const CONTROLLER_NAME = "sluice.dev/mesh";

export interface RouteStatusView {
  readonly route: HTTPRoute;
  /** What the compiler found about this route (src/plan/routing). */
  readonly findings: readonly RouteFinding[];
  readonly workers: readonly MeshWorker[];
}

export type RouteStatus = NonNullable<HTTPRoute["status"]>;
type Parent = RouteStatus["parents"][number];
type Condition = Parent["conditions"][number];
type Found = Pick<Condition, "type" | "status" | "reason" | "message">;

/**
 * The status of a route for each of its parents that is a Service. Programmed is True once every worker that lives has the route in
 * force; it then stays so until the route's spec changes, though each report of ours makes a new version.
 * https://gateway-api.sigs.k8s.io/reference/spec/#routestatus
 */
export function planRouteStatus(view: RouteStatusView, now: number): Plan<never, RouteStatus> {
  const { route, findings } = view;
  const others = (route.status?.parents ?? []).filter(({ controllerName }) => controllerName !== CONTROLLER_NAME);
  const ours = findings.map((finding) => parentStatus(view, finding, now));
  const behind = liveWorkers(view.workers, now).filter((worker) => !isInForce(worker, route));
  const wakeAt = behind.length > 0 ? Math.min(...behind.map(leaseEnd)) : undefined;
  return { actions: [], status: { parents: [...others, ...ours] }, ...(wakeAt !== undefined && { wakeAt }) };
}

function parentStatus(
  { route, workers }: RouteStatusView,
  { parent, conditions, generation }: RouteFinding,
  now: number,
): Parent {
  const before = route.status?.parents.find(
    ({ controllerName, parentRef }) => controllerName === CONTROLLER_NAME && sameParent(parentRef, parent),
  );
  const found: readonly Found[] = [...conditions, programmed(route, workers, before, now)];
  return {
    parentRef: parent,
    controllerName: CONTROLLER_NAME,
    conditions: found.map((condition) => {
      const old = before?.conditions.find(({ type }) => type === condition.type);
      const since = old?.status === condition.status ? old.lastTransitionTime : formatTimestamp(now);
      return { ...condition, observedGeneration: generation, lastTransitionTime: since };
    }),
  };
}

function sameParent(a: Parent["parentRef"], b: Parent["parentRef"]): boolean {
  return (
    a.name === b.name &&
    a.namespace === b.namespace &&
    a.port === b.port &&
    a.sectionName === b.sectionName &&
    a.kind === b.kind
  );
}

function programmed(route: HTTPRoute, workers: readonly MeshWorker[], before: Parent | undefined, now: number): Found {
  const type = "Programmed";
  const old = before?.conditions.find((condition) => condition.type === type);
  if (old?.status === "True" && old.observedGeneration === route.metadata.generation) {
    const { status, reason, message } = old;
    return { type, status, reason, message };
  }
  const live = liveWorkers(workers, now);
  if (live.length === 0) return { type, status: "False", reason: "NoWorkers", message: "No mesh worker is running" };
  // Without a number: each report makes a new version of the route, which every worker has to take over again.
  if (!live.every((worker) => isInForce(worker, route)))
    return { type, status: "False", reason: "Pending", message: "Not in force on all mesh workers yet" };
  return { type, status: "True", reason: "Programmed", message: "In force on all mesh workers" };
}

function isInForce(worker: MeshWorker, { metadata }: HTTPRoute): boolean {
  return hasApplied(worker, "httproutes", metadata.resourceVersion);
}
