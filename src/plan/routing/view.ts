import type { Service } from "../../api/generated/core-v1.ts";
import type { EndpointSlice } from "../../api/generated/discovery-v1.ts";
import type { HTTPRoute } from "../../api/generated/gateway-networking-k8s-io.ts";
import type { ReleasePolicy } from "../../api/generated/sluice-dev.ts";

/** The objects from which traffic is routed, in any order. */
export interface RoutingView {
  readonly services: readonly Service[];
  readonly slices: readonly EndpointSlice[];
  readonly routes: readonly HTTPRoute[];
  readonly policies: readonly ReleasePolicy[];
  /** Newest resourceVersion seen of each resource, by plural name. */
  readonly versions: Readonly<Record<string, string>>;
}
