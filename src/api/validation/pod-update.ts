import type { Affinity, NodeAffinity, NodeSelectorTerm, Pod, PodSpec, Toleration } from "../generated/core-v1.ts";
import { validateImagePadding } from "./container.ts";
import type { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";
import { internalForm } from "./internal-form.ts";
import { goMap } from "./labels.ts";
import { betweenInclusive } from "./names.ts";
import { validatePodAnnotations, validatePodContent } from "./pod.ts";
import { MIRROR } from "./resource-claim.ts";
import { APP_ARMOR_CONTAINER } from "./security-profile.ts";
import { isDeepEqual } from "./semantic-equality.ts";
import { specDiff } from "./spec-diff.ts";
import { validateTolerations } from "./toleration.ts";

/** Of a pod that runs, little can change. https://kubernetes.io/docs/concepts/workloads/pods/#pod-update-and-replacement */

const ANNOTATIONS = FieldPath.of("metadata").child("annotations");
const SPEC = FieldPath.of("spec");
const MAX_INT32 = 2_147_483_647;
const UPDATABLE =
  "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only " +
  "additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was " +
  "previously negative)";

export function validatePodUpdate(pod: Pod, old: Pod, errors: FieldErrors): void {
  validatePodContent(pod, errors);
  validateAnnotationUpdate(pod, old, errors);
  for (const name of ["containers", "initContainers"] as const)
    if (!validateContainerImages(pod.spec, old.spec, name, errors)) return;
  if (!validateDeadline(pod.spec.activeDeadlineSeconds, old.spec.activeDeadlineSeconds, errors)) return;
  validateTolerationUpdate(pod.spec.tolerations ?? [], old.spec.tolerations ?? [], errors);
  validateGateUpdate(pod.spec, old.spec, errors);
  if (isDeepEqual(pod.spec, old.spec)) return;
  const compared = old.spec.schedulingGates?.length
    ? withOldPlacement(withOldUpdatables(pod.spec, old.spec), old.spec, errors)
    : withOldUpdatables(pod.spec, old.spec);
  if (isDeepEqual(compared, old.spec)) return;
  const diff = specDiff("PodSpec", old.spec, compared);
  errors.forbidden(SPEC, `pod updates may not change fields other than ${UPDATABLE}\n${diff}`);
}

export function validateAnnotationUpdate(pod: Pod, old: Pod, errors: FieldErrors): void {
  const now = pod.metadata.annotations ?? {};
  const before = old.metadata.annotations ?? {};
  for (const name of Object.keys(before)) {
    if (now[name] === before[name]) continue;
    if (name.startsWith(APP_ARMOR_CONTAINER))
      errors.forbidden(ANNOTATIONS.key(name), "may not remove or update AppArmor annotations");
    if (name === MIRROR) errors.forbidden(ANNOTATIONS.key(name), "may not remove or update mirror pod annotation");
  }
  for (const name of Object.keys(now)) {
    if (Object.hasOwn(before, name)) continue;
    if (name.startsWith(APP_ARMOR_CONTAINER))
      errors.forbidden(ANNOTATIONS.key(name), "may not add AppArmor annotations");
    if (name === MIRROR) errors.forbidden(ANNOTATIONS.key(name), "may not add mirror pod annotation");
  }
  validatePodAnnotations(now, pod.spec, ANNOTATIONS, errors);
}

/** Whether the containers are still the same, so that going on makes sense. */
function validateContainerImages(
  spec: PodSpec,
  old: PodSpec,
  name: "containers" | "initContainers",
  errors: FieldErrors,
): boolean {
  const containers = spec[name] ?? [];
  const path = SPEC.child(name);
  if (containers.length !== (old[name] ?? []).length) {
    errors.forbidden(path, "pod updates may not add or remove containers");
    return false;
  }
  for (const [i, container] of containers.entries()) {
    if (!container.image) errors.required(path.index(i).child("image"));
    validateImagePadding(container, path.index(i), errors);
  }
  return true;
}

/** A deadline can come nearer. Gives whether it makes sense to go on. */
function validateDeadline(deadline: number | undefined, old: number | undefined, errors: FieldErrors): boolean {
  const path = SPEC.child("activeDeadlineSeconds");
  if (deadline === undefined) {
    if (old !== undefined) errors.invalid(path, null, "must not update from a positive integer to nil value");
    return true;
  }
  if (deadline < 0 || deadline > MAX_INT32) errors.invalid(path, deadline, betweenInclusive(0, MAX_INT32));
  else if (old !== undefined && old < deadline)
    errors.invalid(path, deadline, "must be less than or equal to previous value");
  else return true;
  return false;
}

function validateTolerationUpdate(
  tolerations: readonly Toleration[],
  old: readonly Toleration[],
  errors: FieldErrors,
): void {
  const path = SPEC.child("tolerations");
  const timeless = (toleration: Toleration): Toleration => ({ ...toleration, tolerationSeconds: 0 });
  const isKept = (before: Toleration): boolean =>
    tolerations.some((toleration) => isDeepEqual(timeless(toleration), timeless(before)));
  if (old.every(isKept)) validateTolerations(tolerations, path, errors);
  else errors.forbidden(path, "existing toleration can not be modified except its tolerationSeconds");
}

function validateGateUpdate(spec: PodSpec, old: PodSpec, errors: FieldErrors): void {
  const before = new Set((old.schedulingGates ?? []).map(({ name }) => name));
  for (const [i, { name }] of (spec.schedulingGates ?? []).entries()) {
    if (before.has(name)) continue;
    const path = SPEC.child("schedulingGates").index(i).child("name");
    errors.forbidden(path, `only deletion is allowed, but found new scheduling gate '${name}'`);
  }
}

/** The new spec with what may change taken back. */
function withOldUpdatables(spec: PodSpec, old: PodSpec): PodSpec {
  const { activeDeadlineSeconds: _deadline, schedulingGates: _gates, tolerations: _tolerations, ...rest } = spec;
  const { initContainers } = spec;
  return {
    ...rest,
    containers: withOldImages(spec.containers, old.containers),
    ...(initContainers && { initContainers: withOldImages(initContainers, old.initContainers ?? []) }),
    ...(old.activeDeadlineSeconds !== undefined && { activeDeadlineSeconds: old.activeDeadlineSeconds }),
    ...(old.schedulingGates && { schedulingGates: old.schedulingGates }),
    ...(old.tolerations && { tolerations: old.tolerations }),
    ...((old.terminationGracePeriodSeconds ?? 0) < 0 &&
      spec.terminationGracePeriodSeconds === 1 && {
        terminationGracePeriodSeconds: old.terminationGracePeriodSeconds,
      }),
  } as PodSpec;
}

function withOldImages(containers: PodSpec["containers"], old: PodSpec["containers"]): PodSpec["containers"] {
  return (containers ?? []).map((container, i) => ({ ...container, image: old[i]?.image ?? "" }));
}

const REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";

/** While a pod waits for its gates, the nodes it can go to can become fewer. */
function withOldPlacement(spec: PodSpec, old: PodSpec, errors: FieldErrors): PodSpec {
  const { nodeSelector, affinity, ...rest } = spec;
  if (!isDeepEqual(nodeSelector, old.nodeSelector)) {
    const isLess = Object.entries(old.nodeSelector ?? {}).some(([name, value]) => nodeSelector?.[name] !== value);
    const why = "only additions to spec.nodeSelector are allowed (no mutations or deletions)";
    if (isLess) errors.invalid(SPEC.child("nodeSelector"), goMap(nodeSelector), why);
  }
  const before = old.affinity?.nodeAffinity;
  if (!isDeepEqual(before, affinity?.nodeAffinity)) validateNodeAffinityUpdate(affinity?.nodeAffinity, before, errors);
  const compared = withOldNodeAffinity(affinity, old.affinity);
  return {
    ...rest,
    ...(old.nodeSelector && { nodeSelector: old.nodeSelector }),
    ...(compared && { affinity: compared }),
  };
}

function withOldNodeAffinity(affinity: Affinity | undefined, old: Affinity | undefined): Affinity | undefined {
  const before = old?.nodeAffinity;
  if (isDeepEqual(before, affinity?.nodeAffinity)) return affinity;
  const { nodeAffinity: _, ...others } = affinity ?? {};
  if (!old && Object.keys(others).length === 0) return undefined;
  return { ...(before && { nodeAffinity: before }), ...others };
}

function validateNodeAffinityUpdate(
  affinity: NodeAffinity | undefined,
  old: NodeAffinity | undefined,
  errors: FieldErrors,
): void {
  const before = old?.[REQUIRED]?.nodeSelectorTerms ?? [];
  const terms = affinity?.[REQUIRED]?.nodeSelectorTerms ?? [];
  const path = SPEC.child("affinity").child("nodeAffinity").child(REQUIRED).child("nodeSelectorTerms");
  const shown = (term: NodeSelectorTerm): unknown => internalForm("NodeSelectorTerm", term);
  if (before.length > 0 && before.length !== terms.length) {
    const value = terms.length > 0 ? terms.map(shown) : null;
    errors.invalid(path, value, "no additions/deletions to non-empty NodeSelectorTerms list are allowed");
    return;
  }
  for (const [i, term] of before.entries()) {
    const now = terms[i] ?? {};
    if (!isOnlyLonger(now, term))
      errors.invalid(path.index(i), shown(now), "only additions are allowed (no mutations or deletions)");
  }
}

function isOnlyLonger(term: NodeSelectorTerm, old: NodeSelectorTerm): boolean {
  const parts = ["matchExpressions", "matchFields"] as const;
  // A term without requirements selects no node: adding one would make it select some.
  if (parts.every((part) => !old[part]?.length)) return parts.every((part) => !term[part]?.length);
  return parts.every((part) => {
    const before = old[part] ?? [];
    return isDeepEqual((term[part] ?? []).slice(0, before.length), before);
  });
}

/** The containers that are added to look into a pod can be added only. */
export function validateEphemeralContainersUpdate(pod: Pod, old: Pod, errors: FieldErrors): void {
  const found = errors.list.length;
  validatePodContent(pod, errors);
  validateAnnotationUpdate(pod, old, errors);
  if (old.metadata.annotations?.[MIRROR] !== undefined) {
    errors.list.splice(found);
    return errors.forbidden(FieldPath.of(""), "static pods do not support ephemeral containers");
  }
  const path = SPEC.child("ephemeralContainers");
  for (const before of old.spec.ephemeralContainers ?? []) {
    const now = pod.spec.ephemeralContainers?.findLast(({ name }) => name === before.name);
    const subject = `existing ephemeral containers "${before.name}"`;
    if (!now) errors.forbidden(path, `${subject} may not be removed\n`);
    else if (!isDeepEqual(before, now))
      errors.forbidden(path, `${subject} may not be changed\n${specDiff("EphemeralContainer", before, now)}`);
  }
}
