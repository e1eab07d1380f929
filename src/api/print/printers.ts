import type { JsonValue } from "../../lib/json.ts";
import type { Pod } from "../generated/core-v1.ts";
import type { KubeObject } from "../object.ts";
import type { ResourceInfo } from "../table/type-table.ts";
import { horizontalPodAutoscaler, horizontalPodAutoscalerV1 } from "./autoscaler-cells.ts";
import { type Cell, created, name } from "./cell.ts";
import * as cluster from "./cluster-cells.ts";
import { customCell } from "./custom-cells.ts";
import { event, eventOfEventsGroup } from "./event-cells.ts";
import * as network from "./network-cells.ts";
import { podCells } from "./pod-cells.ts";
import * as storage from "./storage-cells.ts";
import * as workload from "./workload-cells.ts";

/** What printing must know of a kind. */
export type PrintedKind = Pick<ResourceInfo, "group" | "version" | "kind" | "custom" | "columns">;

/** The cells of an object's row, in the order of its resource's columns. */
export type Printer = (object: KubeObject, now: number) => JsonValue[];

const pod: Printer = (object, now) => podCells(object as Pod, now);

/** By group and kind, with the version where versions differ. */
const ROWS: ReadonlyMap<string, readonly Cell[]> = new Map<string, readonly Cell[]>([
  ["/ComponentStatus", cluster.componentStatus],
  ["/ConfigMap", cluster.configMap],
  ["/Endpoints", network.endpoints],
  ["/Event", event],
  ["/Namespace", cluster.namespace],
  ["/Node", cluster.node],
  ["/PersistentVolume", storage.persistentVolume],
  ["/PersistentVolumeClaim", storage.persistentVolumeClaim],
  ["/PodTemplate", workload.podTemplate],
  ["/ReplicationController", workload.replicationController],
  ["/ResourceQuota", storage.resourceQuota],
  ["/Secret", cluster.secret],
  ["/Service", network.service],
  ["/ServiceAccount", cluster.serviceAccount],
  ["apps/ControllerRevision", workload.controllerRevision],
  ["apps/DaemonSet", workload.daemonSet],
  ["apps/Deployment", workload.deployment],
  ["apps/ReplicaSet", workload.replicaSet],
  ["apps/StatefulSet", workload.statefulSet],
  ["autoscaling/HorizontalPodAutoscaler", horizontalPodAutoscaler],
  ["autoscaling/v1/HorizontalPodAutoscaler", horizontalPodAutoscalerV1],
  ["autoscaling/Scale", workload.scale],
  ["batch/CronJob", workload.cronJob],
  ["batch/Job", workload.job],
  ["coordination.k8s.io/Lease", cluster.lease],
  ["discovery.k8s.io/EndpointSlice", network.endpointSlice],
  ["events.k8s.io/Event", eventOfEventsGroup],
  ["networking.k8s.io/IPAddress", network.ipAddress],
  ["networking.k8s.io/Ingress", network.ingress],
  ["networking.k8s.io/IngressClass", network.ingressClass],
  ["networking.k8s.io/NetworkPolicy", network.networkPolicy],
  ["networking.k8s.io/ServiceCIDR", network.serviceCidr],
  ["node.k8s.io/RuntimeClass", cluster.runtimeClass],
  ["policy/PodDisruptionBudget", workload.podDisruptionBudget],
  ["rbac.authorization.k8s.io/ClusterRoleBinding", cluster.binding],
  ["rbac.authorization.k8s.io/RoleBinding", cluster.binding],
  ["scheduling.k8s.io/PriorityClass", cluster.priorityClass],
  ["storage.k8s.io/CSIDriver", storage.csiDriver],
  ["storage.k8s.io/CSINode", storage.csiNode],
  ["storage.k8s.io/StorageClass", storage.storageClass],
  ["storage.k8s.io/VolumeAttachment", storage.volumeAttachment],
  ["storage.k8s.io/VolumeAttributesClass", storage.volumeAttributesClass],
]);

/** Kinds that have no row of their own show when they were created. */
const DEFAULT_ROW: readonly Cell[] = [name, created];

/** How the objects of a resource are printed. */
export function printerOf(info: PrintedKind): Printer {
  if (info.custom) return printerOfCells([name, ...info.columns.slice(1).map(customCell)]);
  const key = `${info.group}/${info.kind}`;
  if (key === "/Pod") return pod;
  return printerOfCells(ROWS.get(`${info.group}/${info.version}/${info.kind}`) ?? ROWS.get(key) ?? DEFAULT_ROW);
}

function printerOfCells(cells: readonly Cell[]): Printer {
  return (object, now) => cells.map((cell) => cell(object, now));
}
