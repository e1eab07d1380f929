import type { Service, ServicePort, ServiceSpec } from "../generated/core-v1.ts";
import { PROTOCOLS } from "./container-port.ts";
import type { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";
import { validatePort } from "./handler.ts";
import { internalForm } from "./internal-form.ts";
import { validateCidr, validateReachableIp, validateIp } from "./ip-address.ts";
import { validateLabelName, validateLabels } from "./labels.ts";
import { labelProblems, portNumberProblems, subdomainProblems } from "./names.ts";
import { isHeadless, validateClusterIps } from "./service-ip.ts";

/** https://kubernetes.io/docs/concepts/services-networking/service/ */

const SPEC = FieldPath.of("spec");
const PORTS = SPEC.child("ports");
const ANNOTATIONS = FieldPath.of("metadata").child("annotations");
const TOPOLOGY_MODE = "service.kubernetes.io/topology-mode";
const TOPOLOGY_HINTS = "service.kubernetes.io/topology-aware-hints";
const TYPES = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const AFFINITIES = ["ClientIP", "None"];
const TRAFFIC_POLICIES = ["Cluster", "Local"];
const DISTRIBUTIONS = ["PreferClose", "PreferSameZone", "PreferSameNode"];
/** One day. */
const MAX_AFFINITY_SECONDS = 86_400;

/** Addresses are allocated before the rest is looked at. @param old when it is updated */
export function validateAddresses({ spec }: Service, old: Service | undefined, errors: FieldErrors): void {
  if (spec.type !== "ExternalName") validateClusterIps(spec, old?.spec, SPEC, errors);
}

/** @param old when it is updated */
export function validateService(service: Service, old: Service | undefined, errors: FieldErrors): void {
  const { spec } = service;
  const { ports = [], type } = spec;
  validateTopologyAnnotations(service, errors);
  if (ports.length === 0 && !isHeadless(spec) && type !== "ExternalName") errors.required(PORTS);
  if ((type === "LoadBalancer" || type === "NodePort") && isHeadless(spec))
    errors.invalid(SPEC.child("clusterIPs").index(0), "None", `may not be set to 'None' for ${type} services`);
  if (type === "ExternalName") validateExternalName(spec, errors);
  const names = new Set<string>();
  for (const [i, port] of ports.entries()) validateServicePort(port, ports.length > 1, names, PORTS.index(i), errors);
  validateLabels(spec.selector, SPEC.child("selector"), errors);
  validateAffinity(spec, errors);
  validateExternalIps(spec, old?.spec, errors);
  errors.requiredOneOf(SPEC.child("type"), type, TYPES);
  validatePortNumbers(spec, errors);
  validateLoadBalancer(service, old, errors);
  validateTraffic(spec, errors);
}

function validateTopologyAnnotations({ metadata: { annotations = {} } }: Service, errors: FieldErrors): void {
  const mode = annotations[TOPOLOGY_MODE];
  const hints = annotations[TOPOLOGY_HINTS];
  if (mode === undefined || hints === undefined || mode === hints) return;
  const why = `must match annotations[${TOPOLOGY_HINTS}] when both are specified`;
  errors.invalid(ANNOTATIONS.key(TOPOLOGY_MODE), mode, why);
}

function validateExternalName(spec: ServiceSpec, errors: FieldErrors): void {
  const why = "may not be set for ExternalName services";
  if (spec.clusterIPs?.length) errors.forbidden(SPEC.child("clusterIPs"), why);
  if (spec.ipFamilies?.length) errors.forbidden(SPEC.child("ipFamilies"), why);
  if (spec.ipFamilyPolicy !== undefined) errors.forbidden(SPEC.child("ipFamilyPolicy"), why);
  const name = (spec.externalName ?? "").replace(/\.$/, "");
  if (name === "") errors.required(SPEC.child("externalName"));
  else errors.invalidAll(SPEC.child("externalName"), name, subdomainProblems(name));
}

function validateServicePort(
  port: ServicePort,
  isOneOfMany: boolean,
  names: Set<string>,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const { name = "" } = port;
  if (isOneOfMany && name === "") errors.required(path.child("name"));
  else if (name !== "") {
    errors.invalidAll(path.child("name"), name, labelProblems(name));
    if (names.has(name)) errors.duplicate(path.child("name"), name);
    names.add(name);
  }
  errors.invalidAll(path.child("port"), port.port, portNumberProblems(port.port));
  errors.requiredOneOf(path.child("protocol"), port.protocol, PROTOCOLS);
  validatePort(port.targetPort ?? 0, path.child("targetPort"), errors);
  if (port.appProtocol !== undefined) validateLabelName(port.appProtocol, path.child("appProtocol"), errors);
}

function validateAffinity(spec: ServiceSpec, errors: FieldErrors): void {
  const { sessionAffinity, sessionAffinityConfig: config } = spec;
  errors.requiredOneOf(SPEC.child("sessionAffinity"), sessionAffinity, AFFINITIES);
  const path = SPEC.child("sessionAffinityConfig");
  if (sessionAffinity === "None") {
    if (config) errors.forbidden(path, "must not be set when session affinity is None");
  } else if (sessionAffinity === "ClientIP") {
    const why = "when session affinity type is ClientIP";
    const timeout = config?.clientIP?.timeoutSeconds;
    const timeoutPath = path.child("clientIP").child("timeoutSeconds");
    if (!config) errors.required(path, why);
    else if (!config.clientIP) errors.required(path.child("clientIP"), why);
    else if (timeout === undefined) errors.required(timeoutPath, why);
    else if (timeout <= 0 || timeout > MAX_AFFINITY_SECONDS)
      errors.invalid(timeoutPath, timeout, `must be greater than 0 and less than ${MAX_AFFINITY_SECONDS}`);
  }
}

function validateExternalIps(
  { externalIPs = [] }: ServiceSpec,
  old: ServiceSpec | undefined,
  errors: FieldErrors,
): void {
  for (const [i, ip] of externalIPs.entries()) {
    const path = SPEC.child("externalIPs").index(i);
    if (validateIp(ip, path, errors, old?.externalIPs)) validateReachableIp(ip, path, errors);
  }
}

function validatePortNumbers({ ports = [], type }: ServiceSpec, errors: FieldErrors): void {
  if (type === "ClusterIP") {
    for (const [i, { nodePort }] of ports.entries())
      if (nodePort) errors.forbidden(PORTS.index(i).child("nodePort"), "may not be used when `type` is 'ClusterIP'");
  }
  const nodePorts = new Set<string>();
  for (const [i, { protocol, nodePort }] of ports.entries()) {
    if (!nodePort) continue;
    if (nodePorts.has(`${protocol}/${nodePort}`)) errors.duplicate(PORTS.index(i).child("nodePort"), nodePort);
    nodePorts.add(`${protocol}/${nodePort}`);
  }
  const numbers = new Set<string>();
  for (const [i, { protocol = "TCP", port }] of ports.entries()) {
    const key = `${protocol}/${port}`;
    if (numbers.has(key)) errors.duplicate(PORTS.index(i), internalForm("ServicePort", { protocol, port }));
    numbers.add(key);
  }
}

const SOURCE_RANGES = "service.beta.kubernetes.io/load-balancer-source-ranges";

function validateLoadBalancer(service: Service, old: Service | undefined, errors: FieldErrors): void {
  const { spec } = service;
  const isBalanced = spec.type === "LoadBalancer";
  const why = "may only be used when `type` is 'LoadBalancer'";
  validateSourceRanges(service, old, why, errors);
  if (isBalanced && spec.allocateLoadBalancerNodePorts === undefined)
    errors.required(FieldPath.of("allocateLoadBalancerNodePorts"));
  if (!isBalanced && spec.allocateLoadBalancerNodePorts !== undefined)
    errors.forbidden(SPEC.child("allocateLoadBalancerNodePorts"), why);
  if (spec.loadBalancerClass === undefined) return;
  const classPath = SPEC.child("loadBalancerClass");
  if (isBalanced) validateLabelName(spec.loadBalancerClass, classPath, errors);
  else errors.forbidden(classPath, why);
}

/** From where a load balancer takes requests: a field, or the annotation that was before it. */
function validateSourceRanges(service: Service, old: Service | undefined, why: string, errors: FieldErrors): void {
  const ranges = service.spec.loadBalancerSourceRanges ?? [];
  const annotation = service.metadata.annotations?.[SOURCE_RANGES];
  const isField = ranges.length > 0;
  if (!isField && annotation === undefined) return;
  const path = isField ? SPEC.child("LoadBalancerSourceRanges") : ANNOTATIONS.key(SOURCE_RANGES);
  if (service.spec.type !== "LoadBalancer") errors.forbidden(path, why);
  if (!isField)
    return validateAnnotatedRanges(annotation ?? "", old?.metadata.annotations?.[SOURCE_RANGES], path, errors);
  const kept = (old?.spec.loadBalancerSourceRanges ?? []).map((range) => range.trim());
  for (const [i, range] of ranges.entries()) validateCidr(range.trim(), path.index(i), errors, kept);
}

function validateAnnotatedRanges(text: string, old: string | undefined, path: FieldPath, errors: FieldErrors): void {
  if (text === old || text.trim() === "") return;
  for (const range of text.split(",")) validateCidr(range.trim(), path, errors);
}

function isExternal({ type, externalIPs = [] }: ServiceSpec): boolean {
  return type === "LoadBalancer" || type === "NodePort" || (type === "ClusterIP" && externalIPs.length > 0);
}

export function needsHealthCheck({ type, externalTrafficPolicy }: ServiceSpec): boolean {
  return type === "LoadBalancer" && externalTrafficPolicy === "Local";
}

function validateTraffic(spec: ServiceSpec, errors: FieldErrors): void {
  const { externalTrafficPolicy: external, healthCheckNodePort: port = 0, internalTrafficPolicy: internal } = spec;
  const externalPath = SPEC.child("externalTrafficPolicy");
  const healthPath = SPEC.child("healthCheckNodePort");
  if (isExternal(spec)) errors.requiredOneOf(externalPath, external, TRAFFIC_POLICIES);
  else if (external) errors.invalid(externalPath, external, "may only be set for externally-accessible services");
  if (!needsHealthCheck(spec)) {
    const why = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    if (port !== 0) errors.invalid(healthPath, port, why);
  } else if (port === 0) errors.required(healthPath);
  else errors.invalidAll(healthPath, port, portNumberProblems(port));
  const internalPath = SPEC.child("internalTrafficPolicy");
  const type: string = spec.type ?? "";
  if (internal === undefined && TYPES.includes(type) && type !== "ExternalName") errors.required(internalPath);
  errors.oneOf(internalPath, internal, TRAFFIC_POLICIES);
  errors.oneOf(SPEC.child("trafficDistribution"), spec.trafficDistribution, DISTRIBUTIONS);
}
