import type { Service, ServiceSpec } from "../generated/core-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";
import { isOneOfEach, parseIp, validateIp } from "./ip-address.ts";

/** The addresses of services. https://kubernetes.io/docs/concepts/services-networking/dual-stack/ */

const FAMILIES = ["IPv4", "IPv6"];
const FAMILY_POLICIES = ["PreferDualStack", "RequireDualStack", "SingleStack"];

export function isHeadless({ clusterIPs = [] }: ServiceSpec): boolean {
  return clusterIPs.length === 1 && clusterIPs[0] === "None";
}

export function validateClusterIps(
  spec: ServiceSpec,
  old: ServiceSpec | undefined,
  specPath: FieldPath,
  errors: FieldErrors,
): void {
  const { clusterIP = "", clusterIPs: ips = [], ipFamilies: families = [] } = spec;
  const path = specPath.child("clusterIPs");
  validateFirst(clusterIP, ips, path, errors);
  for (const [i, family] of families.entries())
    validateFamily(family, families.indexOf(family) < i, specPath.child("ipFamilies").index(i), errors);
  errors.oneOf(specPath.child("ipFamilyPolicy"), spec.ipFamilyPolicy, FAMILY_POLICIES);
  const areGood = validateEach(ips, old?.clusterIPs ?? [], path, errors);
  if (ips.length > 2) errors.invalid(path, ips, "may only hold up to 2 values");
  if (!areGood) return;
  if (ips.length > 1 && !isOneOfEach(ips))
    errors.invalid(path, ips, "may specify no more than one IP for each IP family");
  if (!isHeadless(spec)) validateFamilies(ips, families, path, errors);
}

function validateFamily(family: string, isRepeated: boolean, path: FieldPath, errors: FieldErrors): void {
  errors.oneOf(path, family, FAMILIES);
  if (isRepeated) errors.duplicate(path, family);
}

function validateFamilies(
  ips: readonly string[],
  families: readonly string[],
  path: FieldPath,
  errors: FieldErrors,
): void {
  for (const [i, ip] of ips.entries()) {
    const family = families[i];
    if (family === undefined || parseIp(ip)?.family === family || !FAMILIES.includes(family)) continue;
    errors.invalid(path.index(i), ip, `expected an ${family} value as indicated by \`ipFamilies[${i}]\``);
  }
}

function validateFirst(ip: string, ips: readonly string[], path: FieldPath, errors: FieldErrors): void {
  if (ip === "") {
    if (ips.length > 0) errors.invalid(path, ips, "must be empty when `clusterIP` is not specified");
  } else if (ips.length === 0) errors.required(path);
  else if (ips[0] !== ip) errors.invalid(path, ips, "first value must match `clusterIP`");
}

function validateEach(ips: readonly string[], kept: readonly string[], path: FieldPath, errors: FieldErrors): boolean {
  let areGood = true;
  for (const [i, ip] of ips.entries()) {
    if (i === 0 && ip === "None") {
      if (ips.length === 1) continue;
      areGood = false;
      errors.invalid(path, ips, "'None' must be the first and only value");
    } else if (!validateIp(ip, path.index(i), errors, kept)) areGood = false;
  }
  return areGood;
}

const IPS = FieldPath.of("spec").child("clusterIPs");
const IP_FAMILIES = FieldPath.of("spec").child("ipFamilies");
const POLICY = FieldPath.of("spec").child("ipFamilyPolicy");

/** The first address stays; the second can be added and released. */
export function validateClusterIpUpdate(service: Service, old: Service, errors: FieldErrors): void {
  const spec = service.spec ?? {};
  const oldSpec = old.spec ?? {};
  if (spec.type === "ExternalName" || oldSpec.type === "ExternalName") return;
  if (!isHeadless(spec) || !isHeadless(oldSpec)) validateIpChange(spec, oldSpec, errors);
  if (!isHeadless(spec) && !isHeadless(oldSpec)) validateFamilyChange(spec, oldSpec, errors);
}

const FIXED = "may not change once set";

function validateIpChange(spec: ServiceSpec, old: ServiceSpec, errors: FieldErrors): void {
  const ips = spec.clusterIPs ?? [];
  const before = old.clusterIPs ?? [];
  if (ips.length === before.length) {
    for (const [i, ip] of before.entries()) if (ip !== ips[i]) errors.invalid(IPS.index(i), ips, FIXED);
    return;
  }
  const hasMoved = before.length > 0 && ips.length > 0 && ips[0] !== before[0];
  if (ips.length === 0) errors.invalid(IPS.index(0), shownList(spec.clusterIPs), "primary clusterIP can not be unset");
  if (hasMoved) errors.invalid(IPS.index(0), ips, FIXED);
  if (ips.length === 1 && before.length > 1) validateRelease(spec, "clusterIP", errors);
}

/** A list as Go shows it: null when it is not there. */
function shownList(list: readonly string[] | undefined): readonly string[] | null {
  return list ?? null;
}

function validateRelease({ ipFamilyPolicy }: ServiceSpec, what: string, errors: FieldErrors): void {
  if (ipFamilyPolicy === "SingleStack") return;
  errors.invalid(POLICY, ipFamilyPolicy ?? null, `must be set to 'SingleStack' when releasing the secondary ${what}`);
}

function validateFamilyChange(spec: ServiceSpec, old: ServiceSpec, errors: FieldErrors): void {
  const families = spec.ipFamilies ?? [];
  const before = old.ipFamilies ?? [];
  const path = IP_FAMILIES.index(0);
  if (families.length === before.length) {
    for (const [i, family] of before.entries()) if (family !== families[i]) errors.invalid(path, families, FIXED);
    return;
  }
  if (before.length > families.length && !spec.clusterIPs?.length)
    errors.invalid(path, shownList(spec.ipFamilies), "primary ipFamily can not be unset");
  // Kubernetes shows the addresses here.
  if (before.length > 0 && families.length > 0 && families[0] !== before[0])
    errors.invalid(path, shownList(spec.clusterIPs), FIXED);
  if (families.length === 1 && before.length > 1) validateRelease(spec, "ipFamily", errors);
}
