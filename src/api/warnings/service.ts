import type { Service, ServiceSpec } from "../generated/core-v1.ts";
import { warnOfAddress, warnOfAddresses, warnOfCidrs } from "./ip-form.ts";
import { SPEC, type Warnings } from "./warnings.ts";

const TOPOLOGY_HINTS = "service.kubernetes.io/topology-aware-hints";
const HINTS_TEXT = `annotation ${TOPOLOGY_HINTS} is deprecated, please use service.kubernetes.io/topology-mode instead`;

export function warnOfService({ metadata, spec }: Service, warnings: Warnings): void {
  const hasExternalIps = Boolean(spec.externalIPs?.length);
  if (TOPOLOGY_HINTS in (metadata.annotations ?? {})) warnings.add(HINTS_TEXT);
  warnOfFieldsOfHeadless(spec, warnings);
  warnOfAddresses(spec.externalIPs, SPEC.child("externalIPs"), warnings);
  if (hasExternalIps && spec.type !== "ExternalName" && spec.clusterIP !== "None")
    warnings.add("spec.externalIPs is deprecated and may no longer be implemented in some clusters");
  warnOfAddress(spec.loadBalancerIP, SPEC.child("loadBalancerIP"), warnings);
  warnOfCidrs(spec.loadBalancerSourceRanges, SPEC.child("loadBalancerSourceRanges"), warnings);
  warnOfNames(spec, warnings);
  if (spec.trafficDistribution === "PreferClose")
    warnings.at(SPEC.child("trafficDistribution"), '"PreferClose" is deprecated; use "PreferSameZone"');
}

function warnOfFieldsOfHeadless(spec: ServiceSpec, warnings: Warnings): void {
  if (spec.clusterIP !== "None") return;
  if (spec.loadBalancerIP) warnings.add("spec.loadBalancerIP is ignored for headless services");
  if (spec.externalIPs?.length) warnings.add("spec.externalIPs is ignored for headless services");
  if (spec.sessionAffinity && spec.sessionAffinity !== "None")
    warnings.add("spec.SessionAffinity is ignored for headless services");
}

function warnOfNames(spec: ServiceSpec, warnings: Warnings): void {
  const isExternal = spec.type === "ExternalName";
  if (isExternal && spec.externalIPs?.length)
    warnings.add('spec.externalIPs is ignored when spec.type is "ExternalName"');
  if (!isExternal && spec.externalName)
    warnings.add('spec.externalName is ignored when spec.type is not "ExternalName"');
}
