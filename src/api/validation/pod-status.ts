import type { Container, ContainerStatus, Pod, PodSpec, PodStatus } from "../generated/core-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";
import { isOneOfEach, validateIp } from "./ip-address.ts";
import { validateLabelName } from "./labels.ts";
import { subdomainProblems } from "./names.ts";
import { validateAnnotationUpdate } from "./pod-update.ts";

const STATUS = FieldPath.of("status");
const NEGATIVE = "must be a non-negative integer";

export function validatePodStatus(pod: Pod, old: Pod, errors: FieldErrors): void {
  const status = pod.status ?? {};
  const before = old.status ?? {};
  validateAnnotationUpdate(pod, old, errors);
  validateConditions(status, errors);
  if ((pod.spec.nodeName ?? "") !== (old.spec.nodeName ?? ""))
    errors.forbidden(STATUS.child("nodeName"), "may not be changed directly");
  validateNominated(pod, old, errors);
  const observed = status.observedGeneration ?? 0;
  if (observed < 0) errors.invalid(STATUS.child("observedGeneration"), observed, NEGATIVE);
  if ((status.qosClass ?? "") !== (before.qosClass ?? ""))
    errors.immutable(STATUS.child("qosClass"), status.qosClass ?? "");
  validateTransitions(pod, old, errors);
  validateClaims(pod, errors);
  validateIps("podIPs", status, before, errors);
  const [hostIp] = status.hostIPs ?? [];
  if (hostIp && hostIp.ip !== status.hostIP)
    errors.invalid(STATUS.child("hostIPs").index(0).child("ip"), hostIp.ip, "must be equal to `hostIP`");
  validateIps("hostIPs", status, before, errors);
}

const SYSTEM_CONDITIONS: ReadonlySet<string> = new Set(["PodScheduled", "Ready", "Initialized"]);

function validateConditions({ conditions = [] }: PodStatus, errors: FieldErrors): void {
  for (const [i, { type, observedGeneration = 0 }] of conditions.entries()) {
    const path = STATUS.child("conditions").index(i);
    if (observedGeneration < 0) errors.invalid(path.child("observedGeneration"), observedGeneration, NEGATIVE);
    if (!SYSTEM_CONDITIONS.has(type)) validateLabelName(type, path.child("Type"), errors);
  }
}

/** Where the scheduler makes room for the pod. */
function validateNominated(pod: Pod, old: Pod, errors: FieldErrors): void {
  const name = pod.status?.nominatedNodeName ?? "";
  if (name === "" || name === (old.status?.nominatedNodeName ?? "")) return;
  const path = STATUS.child("nominatedNodeName");
  errors.invalidAll(path, name, subdomainProblems(name));
  if (old.spec.nodeName) errors.forbidden(path, "may not be set on pods that are already bound to a node");
}

/** A container that ended for good does not run again. */
function validateTransitions(pod: Pod, old: Pod, errors: FieldErrors): void {
  const { spec } = old;
  const restartsAll = [...(spec.initContainers ?? []), ...(spec.containers ?? [])].some((container) =>
    container.restartPolicyRules?.some(({ action }) => action === "RestartAllContainers"),
  );
  const mayRun = (containers: readonly Container[] | undefined, status: ContainerStatus): boolean => {
    const container = containers?.find(({ name }) => name === status.name);
    return (
      restartsAll || (container !== undefined && restarts(container, spec, status.state?.terminated?.exitCode ?? 0))
    );
  };
  const kinds = [
    ["containerStatuses", (status: ContainerStatus) => mayRun(spec.containers, status)],
    ["initContainerStatuses", (status: ContainerStatus) => mayRun(spec.initContainers, status)],
    ["ephemeralContainerStatuses", () => false],
  ] as const;
  for (const [name, isAllowed] of kinds) {
    for (const [i, before] of (old.status?.[name] ?? []).entries()) {
      const now = pod.status?.[name]?.find((status) => status.name === before.name);
      if (!before.state?.terminated || !now || now.state?.terminated || isAllowed(before)) continue;
      errors.forbidden(STATUS.child(name).index(i).child("state"), "may not be transitioned to non-terminated state");
    }
  }
}

/** Whether the container runs again after it ended with the code: its rules, else its own policy, else the pod's. */
function restarts(container: Container, spec: PodSpec, exitCode: number): boolean {
  const { restartPolicy, restartPolicyRules = [] } = container;
  if (restartPolicy !== undefined && restartPolicyRules.some((rule) => isHit(rule.exitCodes, exitCode))) return true;
  const policy = restartPolicy ?? spec.restartPolicy;
  return policy === "OnFailure" ? exitCode !== 0 : policy !== "Never";
}

function isHit(
  codes: { readonly operator: string; readonly values?: readonly number[] } | undefined,
  exitCode: number,
): boolean {
  const isNamed = codes?.values?.includes(exitCode) ?? false;
  return codes !== undefined && (codes.operator === "In" ? isNamed : codes.operator === "NotIn" && !isNamed);
}

function validateClaims({ spec, status }: Pod, errors: FieldErrors): void {
  const seen = new Set<string>();
  for (const [i, { name, resourceClaimName }] of (status?.resourceClaimStatuses ?? []).entries()) {
    const path = STATUS.child("resourceClaimStatuses").index(i);
    if (!spec.resourceClaims?.some((claim) => claim.name === name))
      errors.invalid(path.child("name"), name, "must match the name of an entry in `spec.resourceClaims`");
    if (seen.has(name)) errors.duplicate(path.child("name"), name);
    seen.add(name);
    if (resourceClaimName !== undefined)
      errors.invalidAll(path.child("resourceClaimName"), resourceClaimName, subdomainProblems(resourceClaimName));
  }
}

function validateIps(name: "podIPs" | "hostIPs", status: PodStatus, before: PodStatus, errors: FieldErrors): void {
  const path = STATUS.child(name);
  const entries = status[name] ?? [];
  const ips = entries.map(({ ip }) => ip ?? "");
  const kept = (before[name] ?? []).map(({ ip }) => ip ?? "");
  for (const [i, ip] of ips.entries()) validateIp(ip, path.index(i), errors, kept);
  if (ips.length > 1 && !isOneOfEach(ips)) {
    const shown = ips.map((ip) => ({ IP: ip }));
    errors.invalid(path, shown, "may specify no more than one IP for each IP family");
  }
}
