import { labelValueProblems } from "../../lib/label-syntax.ts";
import type { Node, NodeConfigSource, NodeConfigStatus, Taint } from "../generated/core-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";
import { internalForm } from "./internal-form.ts";
import { parseCidr, validateCidr } from "./ip-address.ts";
import { validateLabelName } from "./labels.ts";
import { configKeyProblems, labelProblems, subdomainProblems } from "./names.ts";
import { validatePositive } from "./object-meta.ts";
import { validateQuantity } from "./resource-name.ts";
import { TAINT_EFFECTS } from "./toleration.ts";

/** https://kubernetes.io/docs/concepts/architecture/nodes/ */

const SPEC = FieldPath.of("spec");
const STATUS = FieldPath.of("status");
const METADATA = FieldPath.of("metadata");

export function validateNode(node: Node, errors: FieldErrors): void {
  const { spec, status = {} } = node;
  validateTaints(spec.taints ?? [], METADATA.child("taints"), errors);
  validateResources(node, errors);
  const swap = status.nodeInfo?.swap?.capacity;
  if (swap !== undefined) validatePositive(swap, METADATA.child("nodeSwapStatus").child("capacity"), errors);
  validateFeatures(status.declaredFeatures ?? [], STATUS.child("declaredFeatures"), errors);
  validatePodCidrs(spec.podCIDRs ?? [], SPEC.child("podCIDRs"), errors);
}

function validateTaints(taints: readonly Taint[], path: FieldPath, errors: FieldErrors): void {
  const seen = new Set<string>();
  for (const [i, taint] of taints.entries()) {
    const taintPath = path.index(i);
    validateLabelName(taint.key, taintPath.child("key"), errors);
    const problems = labelValueProblems(taint.value ?? "");
    if (problems.length > 0) errors.invalid(taintPath.child("value"), taint.value, problems.join(";"));
    errors.requiredOneOf(taintPath.child("effect"), taint.effect, TAINT_EFFECTS);
    const key = `${taint.effect} ${taint.key}`;
    if (seen.has(key))
      errors.duplicate(taintPath, internalForm("Taint", taint), "taints must be unique by key and effect pair");
    seen.add(key);
  }
}

function validateResources({ status = {} }: Node, errors: FieldErrors): void {
  for (const part of ["capacity", "allocatable"] as const) {
    for (const [name, amount] of Object.entries(status[part] ?? {}))
      validateQuantity(name, amount, STATUS.child(part).child(name), errors);
  }
}

const MAX_FEATURE = 253;
const featurePattern = /^[A-Z][a-zA-Z0-9]*(\/[a-zA-Z][a-zA-Z0-9]*)*$/;

function validateFeatures(features: readonly string[], path: FieldPath, errors: FieldErrors): void {
  for (const [i, feature] of features.entries()) {
    const quoted = `invalid feature name "${feature}"`;
    if (feature.length > MAX_FEATURE)
      errors.invalid(path.index(i), feature, `${quoted}: must be no more than ${MAX_FEATURE} characters`);
    else if (!featurePattern.test(feature)) {
      const why =
        "must start with an UpperCamelCase segment, with subsequent segments separated by '/' (e.g., MyFeature or " +
        "MyFeature/mySubFeature), and contain only alphanumeric characters and slashes";
      errors.invalid(path.index(i), feature, `${quoted}: ${why}`);
    }
    const next = features[i + 1];
    if (next === feature) errors.duplicate(path.index(i + 1), next);
    else if (next !== undefined && next < feature)
      errors.invalid(path.index(i + 1), next, "list must be sorted alphabetically");
  }
}

function validatePodCidrs(cidrs: readonly string[], path: FieldPath, errors: FieldErrors): void {
  for (const [i, cidr] of cidrs.entries()) validateCidr(cidr, path.index(i), errors);
  if (cidrs.length < 2) return;
  const bad = cidrs.findIndex((cidr) => parseCidr(cidr) === undefined);
  if (bad !== -1) {
    const why = `invalid CIDR[${bad}]: <nil> (invalid CIDR address: ${cidrs[bad]})`;
    errors.internal(path, `invalid PodCIDRs. failed to check with dual stack with error:${why}`);
  }
  const families = new Set(cidrs.map((cidr) => parseCidr(cidr)?.address.family));
  if (bad !== -1 || families.size < 2 || cidrs.length > 2)
    errors.invalid(path, cidrs, "may specify no more than one CIDR for each IP family");
}

export function validateNodeUpdate(node: Node, old: Node, errors: FieldErrors): void {
  const { spec, status = {} } = node;
  validateResources(node, errors);
  validateFeatures(status.declaredFeatures ?? [], STATUS.child("declaredFeatures"), errors);
  const seen = new Set<string>();
  for (const [i, address] of (status.addresses ?? []).entries()) {
    const key = `${address.type} ${address.address}`;
    if (seen.has(key)) errors.duplicate(STATUS.child("addresses").index(i), internalForm("NodeAddress", address));
    seen.add(key);
  }
  validateAssigned(node, old, errors);
  if (spec.configSource) validateConfigSource(spec.configSource, true, SPEC.child("configSource"), errors);
  if (status.config) validateConfigStatus(status.config, STATUS.child("config"), errors);
  validateTaints(spec.taints ?? [], METADATA.child("taints"), errors);
  if ((spec.externalID ?? "") !== (old.spec?.externalID ?? ""))
    errors.forbidden(SPEC.child("externalID"), "may not be updated");
}

/** What a node was given once stays. */
function validateAssigned({ spec }: Node, { spec: old }: Node, errors: FieldErrors): void {
  const before = old.podCIDRs ?? [];
  const now = spec.podCIDRs ?? [];
  const why = 'node updates may not change podCIDR except from "" to valid';
  if (before.length > 0 && before.length !== now.length) errors.forbidden(SPEC.child("podCIDRs"), why);
  else for (const [i, cidr] of before.entries()) if (cidr !== now[i]) errors.forbidden(SPEC.child("podCIDRs"), why);
  if (old.providerID && old.providerID !== spec.providerID)
    errors.forbidden(SPEC.child("providerID"), 'node updates may not change providerID except from "" to valid');
}

function validateConfigStatus(config: NodeConfigStatus, path: FieldPath, errors: FieldErrors): void {
  for (const name of ["assigned", "active", "lastKnownGood"] as const) {
    const source = config[name];
    if (source) validateConfigSource(source, false, path.child(name), errors);
  }
}

function validateConfigSource(source: NodeConfigSource, isSpec: boolean, path: FieldPath, errors: FieldErrors): void {
  const { configMap } = source;
  if (!configMap) {
    errors.invalid(path, internalForm("NodeConfigSource", source), "exactly one reference subfield must be non-nil");
    return;
  }
  const mapPath = path.child("configMap");
  for (const name of ["uid", "resourceVersion"] as const) {
    if (isSpec && configMap[name]) errors.forbidden(mapPath.child(name), `${name} must not be set in spec`);
    if (!isSpec && !configMap[name]) errors.required(mapPath.child(name));
  }
  const rules = { namespace: labelProblems, name: subdomainProblems, kubeletConfigKey: configKeyProblems };
  for (const name of ["namespace", "name", "kubeletConfigKey"] as const) {
    const value = configMap[name];
    if (value === "") errors.required(mapPath.child(name));
    else errors.invalidAll(mapPath.child(name), value, rules[name](value));
  }
}
