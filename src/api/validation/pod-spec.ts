import type { PodSpec } from "../generated/core-v1.ts";
import type { ObjectMeta } from "../generated/meta-v1.ts";
import { validateAffinity } from "./affinity.ts";
import {
  type ContainerContext,
  validateContainers,
  validateEphemeralContainers,
  validateInitContainers,
} from "./container.ts";
import { validateHostNetworkPorts } from "./container-port.ts";
import type { FieldErrors } from "./field-errors.ts";
import type { FieldPath } from "./field-path.ts";
import { validateLabelName, validateLabels } from "./labels.ts";
import { betweenInclusive, type NameRule, subdomainProblems } from "./names.ts";
import { containersOf } from "./pod-containers.ts";
import {
  validateDnsConfig,
  validateDnsPolicy,
  validateHostAliases,
  validateHostNameLabels,
  validateHostNames,
} from "./pod-network.ts";
import { validateHostProcess, validateOs } from "./pod-os.ts";
import { validatePodLevelResources } from "./pod-resources.ts";
import { validatePodClaims } from "./resource-claim.ts";
import { validateContainerResources } from "./resource-requirements.ts";
import { validatePodSecurityContext } from "./security-context.ts";
import { validateTolerations } from "./toleration.ts";
import { validateTopologySpread } from "./topology-spread.ts";
import { validateVolumes } from "./volume.ts";

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#PodSpec */

const RESTART_POLICIES = ["Always", "OnFailure", "Never"];
const PREEMPTION_POLICIES = ["PreemptLowerPriority", "Never"];
const MAX_INT32 = 2_147_483_647;

/**
 * @param meta of the pod, when it is one and not a template
 * @param isPod rules that templates need not keep, because controllers do
 */
export function validatePodSpec(
  spec: PodSpec,
  meta: ObjectMeta | undefined,
  isPod: boolean,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const grace = path.child("terminationGracePeriodSeconds");
  if (spec.terminationGracePeriodSeconds === undefined) errors.required(grace);
  const context = validateVolumesAndClaims(spec, meta, path, errors);
  validateContainers(context, path.child("containers"), errors);
  validateInitContainers(context, path.child("initContainers"), errors);
  validateEphemeralContainers(context, path.child("ephemeralContainers"), errors);
  validatePodLevelResources(spec, context.claims, path.child("resources"), errors);
  if (spec.hostNetwork) validateHostNetworkPorts(spec.containers ?? [], isPod, path.child("containers"), errors);
  errors.requiredOneOf(path.child("restartPolicy"), spec.restartPolicy, RESTART_POLICIES);
  validateDnsPolicy(spec.dnsPolicy, path.child("dnsPolicy"), errors);
  validateLabels(spec.nodeSelector, path.child("nodeSelector"), errors);
  validatePodSecurityContext(spec, path.child("securityContext"), errors);
  validateAffinity(spec.affinity, path.child("affinity"), errors);
  validateDnsConfig(spec, path.child("dnsConfig"), errors);
  validateGates(spec, path, errors);
  validateTopologySpread(spec.topologySpreadConstraints ?? [], path.child("topologySpreadConstraints"), errors);
  validateHostProcess(spec, path, errors);
  validateHostUsers(spec, path, errors);
  validateHostNames(spec, path, errors);
  validateReferencesAndNames(spec, path, errors);
  if (spec.overhead) validateContainerResources({ limits: spec.overhead }, NONE, path.child("overhead"), errors);
  validateOs(spec, path, errors);
  validateSchedulingGroup(spec, path.child("schedulingGroup").child("podGroupName"), errors);
  validateVariableFiles(spec, path, errors);
}

const NONE: ReadonlySet<string> = new Set();

function validateVolumesAndClaims(
  spec: PodSpec,
  meta: ObjectMeta | undefined,
  path: FieldPath,
  errors: FieldErrors,
): ContainerContext {
  const volumes = validateVolumes(spec.volumes ?? [], { meta }, path.child("volumes"), errors);
  const claims = spec.resourceClaims ?? [];
  validatePodClaims(meta, claims, path.child("resourceClaims"), errors);
  return { spec, volumes, claims: new Set(claims.map((claim) => claim.name).filter((name) => name !== "")) };
}

function validateGates(spec: PodSpec, path: FieldPath, errors: FieldErrors): void {
  for (const [i, gate] of (spec.readinessGates ?? []).entries())
    validateLabelName(gate.conditionType, path.child("readinessGates").index(i).child("conditionType"), errors);
  const seen = new Set<string>();
  for (const [i, { name }] of (spec.schedulingGates ?? []).entries()) {
    const gatePath = path.child("schedulingGates").index(i);
    validateLabelName(name, gatePath, errors);
    if (seen.has(name)) errors.duplicate(gatePath, name);
    seen.add(name);
  }
}

/** A user namespace of its own does not go together with namespaces of the host. */
function validateHostUsers(spec: PodSpec, path: FieldPath, errors: FieldErrors): void {
  if (spec.hostUsers !== false) return;
  const why = "when `hostUsers` is false";
  if (spec.hostNetwork) errors.forbidden(path.child("hostNetwork"), why);
  if (spec.hostPID) errors.forbidden(path.child("HostPID"), why);
  if (spec.hostIPC) errors.forbidden(path.child("HostIPC"), why);
  for (const { container, path: containerPath } of containersOf(spec, path))
    if (container.volumeDevices?.length) errors.forbidden(containerPath.child("volumeDevices"), why);
}

function validateReferencesAndNames(spec: PodSpec, path: FieldPath, errors: FieldErrors): void {
  const name = (field: "serviceAccountName" | "nodeName" | "priorityClassName", rule: NameRule): void => {
    const value = spec[field];
    if (value) errors.invalidAll(path.child(field), value, rule(value));
  };
  name("serviceAccountName", subdomainProblems);
  name("nodeName", subdomainProblems);
  const deadline = spec.activeDeadlineSeconds;
  if (deadline !== undefined && (deadline < 1 || deadline > MAX_INT32))
    errors.invalid(path.child("activeDeadlineSeconds"), deadline, betweenInclusive(1, MAX_INT32));
  validateHostNameLabels(spec, path, errors);
  validateTolerations(spec.tolerations ?? [], path.child("tolerations"), errors);
  validateHostAliases(spec.hostAliases ?? [], path.child("hostAliases"), errors);
  name("priorityClassName", subdomainProblems);
  const runtime = spec.runtimeClassName;
  if (runtime !== undefined) errors.invalidAll(path.child("runtimeClassName"), runtime, subdomainProblems(runtime));
  if (spec.preemptionPolicy !== undefined)
    errors.requiredOneOf(path.child("preemptionPolicy"), spec.preemptionPolicy, PREEMPTION_POLICIES);
}

function validateSchedulingGroup({ schedulingGroup }: PodSpec, path: FieldPath, errors: FieldErrors): void {
  if (!schedulingGroup) return;
  const name = schedulingGroup.podGroupName;
  if (name === undefined) errors.invalid(path, null, "must specify one of: `podGroupName`");
  else errors.invalidAll(path, name, subdomainProblems(name));
}

/** Variables can come from a file that an init container wrote into an emptyDir. */
function validateVariableFiles(spec: PodSpec, path: FieldPath, errors: FieldErrors): void {
  for (const { container, path: containerPath } of containersOf(spec, path)) {
    for (const [i, variable] of (container.env ?? []).entries()) {
      const reference = variable.valueFrom?.fileKeyRef;
      if (!reference) continue;
      const { volumeName } = reference;
      const volume = spec.volumes?.findLast(({ name }) => name === volumeName);
      const namePath = containerPath.child("env").index(i).child("valueFrom").child("fileKeyRef").child("volumeName");
      if (!volume) errors.notFound(namePath, volumeName);
      else if (!volume.emptyDir) errors.invalid(namePath, volumeName, "referenced volume must be of type emptyDir");
    }
  }
}
