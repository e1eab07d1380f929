import type { LoadBalancerIngress, Service } from "../generated/core-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";
import { parseIp, validateIp } from "./ip-address.ts";
import { subdomainProblems } from "./names.ts";
import { needsHealthCheck, validateService } from "./service.ts";
import { validateClusterIpUpdate } from "./service-ip.ts";

const SPEC = FieldPath.of("spec");
const BALANCER = FieldPath.of("status").child("loadBalancer");

export function validateServiceUpdate(service: Service, old: Service, errors: FieldErrors): void {
  const spec = service.spec ?? {};
  const oldSpec = old.spec ?? {};
  validateClusterIpUpdate(service, old, errors);
  const isSameClass = spec.loadBalancerClass === oldSpec.loadBalancerClass;
  if (spec.type === "LoadBalancer" && oldSpec.type === "LoadBalancer" && !isSameClass)
    errors.invalid(SPEC.child("loadBalancerClass"), spec.loadBalancerClass ?? null, "may not change once set");
  const isSamePort = (spec.healthCheckNodePort ?? 0) === (oldSpec.healthCheckNodePort ?? 0);
  if (needsHealthCheck(oldSpec) && needsHealthCheck(spec) && !isSamePort)
    errors.forbidden(SPEC.child("healthCheckNodePort"), "field is immutable");
  validateService(service, old, errors);
}

export function validateServiceStatus({ spec, status }: Service, old: Service, errors: FieldErrors): void {
  const entries = status?.loadBalancer?.ingress ?? [];
  const path = BALANCER.child("ingress");
  if (spec?.type !== "LoadBalancer" && entries.length > 0) {
    errors.forbidden(path, "may only be used when `spec.type` is 'LoadBalancer'");
    return;
  }
  const kept = (old.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => (ip ? [ip] : []));
  for (const [i, entry] of entries.entries()) validateEntry(entry, kept, path.index(i), errors);
}

const IP_MODES = ["Proxy", "VIP"];

function validateEntry(
  { ip = "", ipMode, hostname = "" }: LoadBalancerIngress,
  kept: readonly string[],
  path: FieldPath,
  errors: FieldErrors,
): void {
  const modePath = path.child("ipMode");
  if (ip !== "") {
    validateIp(ip, path.child("ip"), errors, kept);
    if (ipMode === undefined) errors.required(modePath, "must be specified when `ip` is set");
    else errors.oneOf(modePath, ipMode, IP_MODES);
  } else if (ipMode !== undefined) errors.forbidden(modePath, "may not be specified when `ip` is not set");
  if (hostname === "") return;
  const namePath = path.child("hostname");
  errors.invalidAll(namePath, hostname, subdomainProblems(hostname));
  if (parseIp(hostname)) errors.invalid(namePath, hostname, "must be a DNS name, not an IP address");
}
