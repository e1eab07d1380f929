import type { Pod } from "../../api/generated/core-v1.ts";
import type { EndpointSlice } from "../../api/generated/discovery-v1.ts";
import type { HTTPRoute } from "../../api/generated/gateway-networking-k8s-io.ts";
import type { Trip } from "../../api/generated/sluice-dev.ts";
import { isReady } from "../pods/readiness.ts";
import { hasApplied, liveWorkers } from "../routing/live-workers.ts";
import type { ReleaseView } from "./view.ts";

/** What the data plane has taken over (docs/architecture.md, Mesh). */
type MeshView = Pick<ReleaseView, "workers" | "capabilities">;

/** Whether every live worker has this version of the resource in force. Without a live worker nobody can tell: no. */
function acknowledged(view: MeshView, resource: string, version: number, now: number): boolean {
  const live = liveWorkers(view.workers, now);
  return live.length > 0 && live.every((worker) => hasApplied(worker, resource, version));
}

/**
 * Whether the routes as they are written are in force on all workers: they say so of the very version, or the route's
 * status says so of its generation (the status is written to the same object, and makes newer versions that change nothing).
 */
export function routesInForce(view: MeshView, routes: readonly HTTPRoute[], now: number): boolean {
  if (!view.capabilities.acknowledges) return routes.every((route) => says(route, "Accepted"));
  const pending = routes.filter((route) => !says(route, "Programmed"));
  return pending.length === 0 || acknowledged(view, "httproutes", newest(pending), now);
}

/** Whether all workers shut the gate by these limits. The watch that brings them is another than that of the rules. */
export function limitsInForce(view: MeshView, { metadata }: Trip, now: number): boolean {
  return !view.capabilities.acknowledges || acknowledged(view, "trips", Number(metadata.resourceVersion), now);
}

/** For all parents. Another mesh only says that it has accepted a route; there is nothing better to go by. */
function says({ metadata, status }: HTTPRoute, wanted: "Accepted" | "Programmed"): boolean {
  const parents = status?.parents ?? [];
  return (
    parents.length > 0 &&
    parents.every(({ conditions }) =>
      conditions.some(
        ({ type, status: is, observedGeneration = 0 }) =>
          type === wanted && is === "True" && observedGeneration >= (metadata.generation ?? 0),
      ),
    )
  );
}

type SlicesView = MeshView & Pick<ReleaseView, "slices" | "services">;

/** Those of the pods that the Service leads to, as far as the data plane knows. */
export function reachable(view: SlicesView, service: string, pods: readonly Pod[], now: number): readonly Pod[] {
  const slices = slicesOf(view, service);
  if (!leadInForce(view, service, slices, now)) return [];
  const addresses = new Set(slices.flatMap(readyAddresses));
  return pods.filter((pod) => isReady(pod) && addresses.has(pod.status?.podIP ?? ""));
}

/** Whether the Service leads to none of the pods any more, and the data plane knows. */
export function leadsToNone(view: SlicesView, service: string, pods: readonly Pod[], now: number): boolean {
  const slices = slicesOf(view, service);
  const addresses = new Set(slices.flatMap(({ endpoints }) => (endpoints ?? []).flatMap((each) => each.addresses)));
  return leadInForce(view, service, slices, now) && !pods.some(({ status }) => addresses.has(status?.podIP ?? ""));
}

function slicesOf({ slices }: SlicesView, service: string): readonly EndpointSlice[] {
  return slices.filter(({ metadata }) => metadata.labels?.["kubernetes.io/service-name"] === service);
}

/** Where a Service leads takes the Service itself and its slices. */
function leadInForce(view: SlicesView, name: string, slices: readonly EndpointSlice[], now: number): boolean {
  if (!view.capabilities.acknowledges) return true;
  const service = view.services.filter(({ metadata }) => metadata.name === name);
  return (
    service.length > 0 &&
    acknowledged(view, "services", newest(service), now) &&
    acknowledged(view, "endpointslices", newest(slices), now)
  );
}

function readyAddresses({ endpoints = [] }: EndpointSlice): readonly string[] {
  return (endpoints ?? []).flatMap(({ conditions, addresses }) => (conditions?.ready === false ? [] : addresses));
}

function newest(objects: readonly { readonly metadata: { readonly resourceVersion: string } }[]): number {
  return Math.max(0, ...objects.map(({ metadata }) => Number(metadata.resourceVersion)));
}
