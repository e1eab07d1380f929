import type { Pod, PodSpec } from "../generated/core-v1.ts";
import type { ObjectMeta } from "../generated/meta-v1.ts";
import { validateImagePadding } from "./container.ts";
import type { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";
import { containersOf } from "./pod-containers.ts";
import { validatePodSpec } from "./pod-spec.ts";
import { MIRROR } from "./resource-claim.ts";
import {
  APP_ARMOR_CONTAINER,
  SECCOMP_CONTAINER,
  SECCOMP_POD,
  validateAppArmorAnnotation,
  validateAppArmorMatch,
  validateSeccompAnnotation,
  validateSeccompMatch,
} from "./security-profile.ts";

/** https://kubernetes.io/docs/concepts/workloads/pods/ */

const ANNOTATIONS = FieldPath.of("metadata").child("annotations");
const SPEC = FieldPath.of("spec");

export function validatePod(pod: Pod, errors: FieldErrors): void {
  validatePodContent(pod, errors);
  if (pod.spec.ephemeralContainers?.length)
    errors.forbidden(SPEC.child("ephemeralContainers"), "cannot be set on create");
  if (pod.spec.nodeName && pod.spec.schedulingGates?.length)
    errors.forbidden(SPEC.child("nodeName"), "cannot be set until all schedulingGates have been cleared");
  validateProfileAnnotations(pod.metadata.annotations, pod.spec, SPEC, errors);
}

/** What holds for a pod at any time. */
export function validatePodContent(pod: Pod, errors: FieldErrors): void {
  validatePodAnnotations(pod.metadata.annotations ?? {}, pod.spec, ANNOTATIONS, errors);
  validatePodSpec(pod.spec, pod.metadata, true, SPEC, errors);
  if (!pod.spec.serviceAccountName) validateNoTokens(pod.spec, errors);
  for (const name of ["containers", "initContainers"] as const)
    for (const [i, container] of (pod.spec[name] ?? []).entries())
      validateImagePadding(container, SPEC.child(name).index(i), errors);
}

/** Who has no account gets no token of it. */
function validateNoTokens({ volumes = [] }: PodSpec, errors: FieldErrors): void {
  for (const [i, { projected }] of volumes.entries()) {
    for (const [j, source] of (projected?.sources ?? []).entries()) {
      if (!source.serviceAccountToken) continue;
      const path = SPEC.child("volumes").index(i).child("projected").child("sources").index(j);
      errors.forbidden(path.child("serviceAccountToken"), "must not be specified when serviceAccountName is not set");
    }
  }
}

const DELETION_COST = "controller.kubernetes.io/pod-deletion-cost";

export function validatePodAnnotations(
  annotations: Readonly<Record<string, string>>,
  spec: PodSpec,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const mirror = annotations[MIRROR];
  if (mirror !== undefined && !spec.nodeName)
    errors.invalid(path.key(MIRROR), mirror, "must set spec.nodeName if mirror pod annotation is set");
  const cost = annotations[DELETION_COST];
  if (cost !== undefined && !isInt32(cost)) errors.invalid(path.key(DELETION_COST), cost, "must be a 32bit integer");
  for (const [name, value] of Object.entries(annotations)) {
    if (name === SECCOMP_POD || name.startsWith(SECCOMP_CONTAINER))
      validateSeccompAnnotation(value, path.child(name), errors);
  }
  for (const [name, value] of Object.entries(annotations)) {
    if (!name.startsWith(APP_ARMOR_CONTAINER)) continue;
    const target = name.slice(APP_ARMOR_CONTAINER.length);
    const exists = [...containersOf(spec, SPEC)].some(({ container }) => container.name === target);
    if (!exists) errors.invalid(path.key(name), target, "container not found");
    validateAppArmorAnnotation(value, path.key(name), errors);
  }
}

/** Without leading zeros and plus signs, which other readers take for something else. */
function isInt32(text: string): boolean {
  if (!/^(0|-[0-9]+|[1-9][0-9]*)$/.test(text)) return false;
  const value = Number(text);
  return value >= -2_147_483_648 && value <= 2_147_483_647;
}

/** Annotations that came before the fields must not say something else. */
export function validateProfileAnnotations(
  annotations: ObjectMeta["annotations"] = {},
  spec: PodSpec,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const ofPod = spec.securityContext;
  const podPath = path.child("securityContext").child("seccompProfile");
  validateSeccompMatch(annotations[SECCOMP_POD], ofPod?.seccompProfile, podPath, errors);
  for (const { container, path: containerPath } of containersOf(spec, path)) {
    const profile = container.securityContext?.seccompProfile;
    const profilePath = containerPath.child("securityContext").child("seccompProfile");
    validateSeccompMatch(annotations[`${SECCOMP_CONTAINER}${container.name}`], profile, profilePath, errors);
  }
  if (spec.os?.name === "windows") return;
  for (const { container, path: containerPath } of containersOf(spec, path)) {
    const profile = container.securityContext?.appArmorProfile ?? ofPod?.appArmorProfile;
    const profilePath = containerPath.child("securityContext").child("appArmorProfile");
    validateAppArmorMatch(annotations[`${APP_ARMOR_CONTAINER}${container.name}`], profile, profilePath, errors);
  }
}
