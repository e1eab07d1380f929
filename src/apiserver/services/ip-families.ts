import type { Service, ServiceSpec } from "../../api/generated/core-v1.ts";
import { FieldErrors } from "../../api/validation/field-errors.ts";
import { FieldPath } from "../../api/validation/field-path.ts";
import { checkFields } from "../registry/failures.ts";
import { needsClusterIp, withSpec } from "./service-fields.ts";

type Family = string;

/** The only family of which this engine has addresses. */
const OURS: Family = "IPv4";
const SPEC = FieldPath.of("spec");
const POLICY = SPEC.child("ipFamilyPolicy");

/**
 * The Service with the families of its addresses: those it names, or that its addresses are of, or ours. Throws Invalid when it wants
 * families that are not there.
 * https://kubernetes.io/docs/concepts/services-networking/dual-stack/#services
 */
export function withFamilies(service: Service, old: Service | undefined): Service {
  const { spec } = service;
  if (!needsClusterIp(spec)) return service;
  const ipFamilyPolicy = spec.ipFamilyPolicy ?? old?.spec.ipFamilyPolicy ?? defaultPolicy(spec);
  const kept = ipFamilyPolicy === "SingleStack" && old ? keptFamilies(spec, old.spec) : (spec.ipFamilies ?? []);
  const errors = new FieldErrors();
  checkSingle({ ...spec, ipFamilyPolicy, ipFamilies: kept }, errors);
  const families = inferred(spec, kept, errors);
  check(service, errors);
  if (isAnyones(spec))
    return withSpec(service, { ipFamilyPolicy, ipFamilies: familiesOfAnyone(families, ipFamilyPolicy) });
  if (ipFamilyPolicy === "RequireDualStack")
    errors.invalid(POLICY, ipFamilyPolicy, "this cluster is not configured for dual-stack services");
  for (const [i, family] of families.entries())
    if (family !== OURS) errors.invalid(SPEC.child("ipFamilies").index(i), family, "not configured on this cluster");
  check(service, errors);
  return withSpec(service, { ipFamilyPolicy, ipFamilies: families.length > 0 ? families : [OURS] });
}

/** A headless Service without selector has anybody's endpoints, of any family. */
function isAnyones({ clusterIP, selector }: ServiceSpec): boolean {
  return clusterIP === "None" && Object.keys(selector ?? {}).length === 0;
}

function defaultPolicy(spec: ServiceSpec): NonNullable<ServiceSpec["ipFamilyPolicy"]> {
  return isAnyones(spec) ? "RequireDualStack" : "SingleStack";
}

/** Who goes back to one family and names two that it had already means the first. */
function keptFamilies({ ipFamilies = [] }: ServiceSpec, { ipFamilies: before = [] }: ServiceSpec): readonly Family[] {
  const same = ipFamilies.length === before.length && ipFamilies.every((family, i) => family === before[i]);
  return same ? ipFamilies.slice(0, 1) : ipFamilies;
}

function checkSingle({ ipFamilyPolicy, clusterIPs = [], ipFamilies = [] }: ServiceSpec, errors: FieldErrors): void {
  if (ipFamilyPolicy !== "SingleStack") return;
  const why = (what: string): string =>
    `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`;
  if (clusterIPs.length === 2) errors.invalid(POLICY, ipFamilyPolicy, why("cluster IPs"));
  if (ipFamilies.length === 2) errors.invalid(POLICY, ipFamilyPolicy, why("IP families"));
}

/** The families that are named, and those of further addresses. */
function inferred({ clusterIPs = [] }: ServiceSpec, named: readonly Family[], errors: FieldErrors): readonly Family[] {
  const families = [...named];
  for (const [i, ip] of clusterIPs.entries()) {
    if (ip === "None") break;
    const family: Family = ip.includes(":") ? "IPv6" : "IPv4";
    if (i < families.length) continue;
    if (family === OURS) families.push(family);
    else errors.invalid(SPEC.child("clusterIPs").index(i), clusterIPs, `${family} is not configured on this cluster`);
  }
  return families;
}

function familiesOfAnyone(families: readonly Family[], policy: ServiceSpec["ipFamilyPolicy"]): readonly Family[] {
  const [first = OURS, ...rest] = families;
  if (rest.length > 0 || policy === "SingleStack") return [first, ...rest];
  return [first, first === "IPv4" ? "IPv6" : "IPv4"];
}

function check(service: Service, errors: FieldErrors): void {
  checkFields({ group: "", kind: "Service" }, service.metadata.name ?? "", errors);
}
