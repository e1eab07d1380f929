import type { Deployment, ReplicaSet } from "../../api/generated/apps-v1.ts";
import type { Pod, Service } from "../../api/generated/core-v1.ts";
import type { EndpointSlice } from "../../api/generated/discovery-v1.ts";
import type { HTTPRoute } from "../../api/generated/gateway-networking-k8s-io.ts";
import type { MeshWorker, Release, ReleasePolicy, Trip } from "../../api/generated/sluice-dev.ts";
import type { Findings } from "./findings.ts";

/** Everything that the release of one Deployment depends on, as read at one moment. Lists in any order. */
export interface ReleaseView {
  readonly namespace: string;
  /** Name of the Deployment. */
  readonly name: string;
  /** Absent: it does not exist. */
  readonly deployment?: Deployment;
  /** All Deployments of the namespace, for Services that select pods of several. */
  readonly deployments: readonly Deployment[];
  /** Of the Deployment. */
  readonly replicaSets: readonly ReplicaSet[];
  /** Of those sets. */
  readonly pods: readonly Pod[];
  /** That name the Deployment as their target, and those whose Services or routes of it are left. */
  readonly policies: readonly ReleasePolicy[];
  /** All of the namespace. */
  readonly services: readonly Service[];
  readonly slices: readonly EndpointSlice[];
  readonly routes: readonly HTTPRoute[];
  /** Of the Deployment. */
  readonly releases: readonly Release[];
  readonly trip?: Trip;
  readonly workers: readonly MeshWorker[];
  /** What the data plane has counted in the session of the live release. */
  readonly findings: Findings;
  /** Results of smoke requests that have come back and are not yet in the Release. */
  readonly smoke: readonly SmokeResult[];
  readonly capabilities: Capabilities;
}

/** What the data plane can do. On a cluster with another mesh it is less, and the release goes by what there is. */
export interface Capabilities {
  /** Workers say which versions are in force (MeshWorker); else the status of the route has to do. */
  readonly acknowledges: boolean;
  /** Shuts the gate by itself. */
  readonly trips: boolean;
}

export interface SmokeResult {
  /** The session in which it was asked for. */
  readonly session: string;
  /** Index in `spec.smoke` of the policy. */
  readonly index: number;
  readonly get: string;
  readonly pod: string;
  readonly ok: boolean;
  readonly message?: string;
}
