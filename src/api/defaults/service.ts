import { arrayOf, isJsonObject, type MutableJsonObject, objectOf, textOf } from "../../lib/json.ts";
import { mapObjects } from "./items.ts";
import type { Rules } from "./rule.ts";

/** https://kubernetes.io/docs/reference/kubernetes-api/service-resources/service-v1/ */
export const serviceRules: Rules = {
  "core/v1.Service": service,
  "core/v1.ServiceSpec": serviceSpec,
  "core/v1.ServicePort": servicePort,
};

/** Three hours. */
const AFFINITY_SECONDS = 10_800;
const WITH_CLUSTER_IP = new Set(["ClusterIP", "NodePort", "LoadBalancer"]);

function service(draft: MutableJsonObject): void {
  const status = objectOf(draft["status"]);
  const balancer = objectOf(status["loadBalancer"]);
  if (objectOf(draft["spec"])["type"] !== "LoadBalancer" || balancer["ingress"] === undefined) return;
  const ingress = mapObjects(balancer["ingress"], (point) =>
    point["ip"] && point["ipMode"] === undefined ? { ...point, ipMode: "VIP" } : point,
  );
  draft["status"] = { ...status, loadBalancer: { ...balancer, ingress } };
}

function serviceSpec(draft: MutableJsonObject): void {
  const type = textOf(draft["type"]);
  sessionAffinity(draft);
  const external = type === "NodePort" || type === "LoadBalancer";
  if (external || (type === "ClusterIP" && arrayOf(draft["externalIPs"]).length > 0))
    draft["externalTrafficPolicy"] ||= "Cluster";
  if (WITH_CLUSTER_IP.has(type)) draft["internalTrafficPolicy"] ??= "Cluster";
  if (type === "LoadBalancer") draft["allocateLoadBalancerNodePorts"] ??= true;
}

function sessionAffinity(draft: MutableJsonObject): void {
  if (draft["sessionAffinity"] === "None") delete draft["sessionAffinityConfig"];
  if (draft["sessionAffinity"] !== "ClientIP") return;
  const client = objectOf(draft["sessionAffinityConfig"])["clientIP"];
  if (isJsonObject(client) && client["timeoutSeconds"] !== undefined) return;
  draft["sessionAffinityConfig"] = { clientIP: { timeoutSeconds: AFFINITY_SECONDS } };
}

function servicePort(draft: MutableJsonObject): void {
  draft["targetPort"] ||= draft["port"];
}
