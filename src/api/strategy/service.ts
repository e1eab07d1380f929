import { arrayOf, jsonEqual, type JsonObject, type MutableJsonObject, objectOf } from "../../lib/json.ts";
import { mapObjects } from "../defaults/items.ts";

/**
 * When a Service changes to a type that has no use for a field, a value that nobody touched (the server may have put it
 * there) goes; one that the author changed too stays, for validation to refuse.
 */
export function dropUnusedServiceFields(service: JsonObject, old: JsonObject): JsonObject {
  const before = objectOf(old["spec"]);
  const spec: MutableJsonObject = { ...objectOf(service["spec"]) };
  const untouched = (name: string): boolean => jsonEqual(spec[name], before[name]);
  const stopped = (needs: (spec: JsonObject) => boolean): boolean => needs(before) && !needs(spec);

  if (stopped(hasClusterIp) && untouched("clusterIP") && untouched("clusterIPs")) drop(spec, "clusterIP", "clusterIPs");
  if (stopped(hasNodePorts) && spec["ports"] !== undefined && addsNoNodePort(spec, before))
    spec["ports"] = mapObjects(spec["ports"], withoutNodePort);
  for (const [needs, names] of USERS) {
    if (stopped(needs)) for (const name of names) if (untouched(name)) drop(spec, name);
  }
  const status = isBalanced(spec) ? objectOf(service["status"]) : { ...objectOf(service["status"]), loadBalancer: {} };
  return { spec, status };
}

function withoutNodePort(port: JsonObject): JsonObject {
  const { nodePort: _, ...rest } = port;
  return rest;
}

function drop(spec: MutableJsonObject, ...names: readonly string[]): void {
  for (const name of names) delete spec[name];
}

const hasClusterIp = (spec: JsonObject): boolean => spec["type"] !== "ExternalName";
const isBalanced = (spec: JsonObject): boolean => spec["type"] === "LoadBalancer";
const hasNodePorts = (spec: JsonObject): boolean => spec["type"] === "NodePort" || isBalanced(spec);
const hasHealthCheckPort = (spec: JsonObject): boolean => isBalanced(spec) && spec["externalTrafficPolicy"] === "Local";
const isExternal = (spec: JsonObject): boolean =>
  hasNodePorts(spec) || (spec["type"] === "ClusterIP" && arrayOf(spec["externalIPs"]).length > 0);

/** Fields, each by itself, by what needs them. */
const USERS: readonly (readonly [(spec: JsonObject) => boolean, readonly string[]])[] = [
  [hasClusterIp, ["ipFamilies", "ipFamilyPolicy"]],
  [hasHealthCheckPort, ["healthCheckNodePort"]],
  [isBalanced, ["allocateLoadBalancerNodePorts", "loadBalancerClass"]],
  [isExternal, ["externalTrafficPolicy"]],
];

function addsNoNodePort(spec: JsonObject, before: JsonObject): boolean {
  const known = new Set(arrayOf(before["ports"]).map((port) => objectOf(port)["nodePort"]));
  return arrayOf(spec["ports"]).every((port) => {
    const { nodePort } = objectOf(port);
    return nodePort === undefined || known.has(nodePort);
  });
}
