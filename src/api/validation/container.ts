import type { Container, EphemeralContainer, PodSpec, VolumeSource } from "../generated/core-v1.ts";
import { validateContainerPorts, validateHostPorts } from "./container-port.ts";
import { validateContainerRestart, validateInitContainerRestart, validateResizePolicies } from "./container-restart.ts";
import { validateEnvironment, validateEnvironmentSources } from "./environment.ts";
import type { FieldErrors } from "./field-errors.ts";
import type { FieldPath } from "./field-path.ts";
import { validateLifecycle, validateProbe } from "./handler.ts";
import { labelProblems } from "./names.ts";
import { validatePullPolicy } from "./pull-policy.ts";
import { validateContainerResources } from "./resource-requirements.ts";
import { validateSecurityContext } from "./security-context.ts";
import { validateVolumeDevices, validateVolumeMounts } from "./volume-mount.ts";

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#Container */

/** What containers may refer to. */
export interface ContainerContext {
  readonly spec: PodSpec;
  readonly volumes: ReadonlyMap<string, VolumeSource>;
  /** Names of the pod's resource claims. */
  readonly claims: ReadonlySet<string>;
}

export function validateContainers(context: ContainerContext, path: FieldPath, errors: FieldErrors): void {
  // Go writes a list that is not there as null.
  const containers = context.spec.containers ?? [];
  if (containers.length === 0) return errors.required(path);
  const names = new Set<string>();
  for (const [i, container] of containers.entries()) {
    const containerPath = path.index(i);
    validateCommon(container, context, containerPath, errors);
    if (names.has(container.name)) errors.duplicate(containerPath.child("name"), container.name);
    names.add(container.name);
    validateHooks(container, context.spec, containerPath, errors);
    validateContainerRestart(container, containerPath, errors);
  }
  validateHostPorts(containers, path, errors);
}

/** Hooks and probes belong to containers that stay: all but those init containers that end before the others begin. */
function validateHooks(container: Container, spec: PodSpec, path: FieldPath, errors: FieldErrors): void {
  const { lifecycle } = container;
  if (lifecycle)
    validateLifecycle(lifecycle, spec.terminationGracePeriodSeconds, spec.os, path.child("lifecycle"), errors);
  for (const kind of ["livenessProbe", "readinessProbe", "startupProbe"] as const)
    validateProbe(kind, container[kind], path.child(kind), errors);
}

export function validateInitContainers(context: ContainerContext, path: FieldPath, errors: FieldErrors): void {
  const { containers, initContainers = [] } = context.spec;
  const names = new Set((containers ?? []).map((container) => container.name));
  for (const [i, container] of initContainers.entries()) {
    const containerPath = path.index(i);
    validateCommon(container, context, containerPath, errors);
    validateInitContainerRestart(container, containerPath, errors);
    if (names.has(container.name)) errors.duplicate(containerPath.child("name"), container.name);
    else if (container.name !== "") names.add(container.name);
    validateHostPorts([container], path, errors);
    if (container.restartPolicy === "Always") validateHooks(container, context.spec, containerPath, errors);
    else validateEnding(container, containerPath, errors);
  }
}

function validateEnding(container: Container, path: FieldPath, errors: FieldErrors): void {
  for (const name of ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] as const) {
    if (container[name])
      errors.forbidden(path.child(name), "may not be set for init containers without restartPolicy=Always");
  }
  for (const [i, { restartPolicy }] of (container.resizePolicy ?? []).entries()) {
    if (restartPolicy !== "RestartContainer") continue;
    const why = "must not be set to 'RestartContainer' for non-sidecar initContainers";
    errors.invalid(path.child("resizePolicy").index(i).child("restartPolicy"), restartPolicy, why);
  }
}

const NOT_EPHEMERAL = [
  "ports",
  "resources",
  "resizePolicy",
  "restartPolicy",
  "restartPolicyRules",
  "livenessProbe",
  "readinessProbe",
  "startupProbe",
  "lifecycle",
] as const satisfies readonly (keyof Container)[];

export function validateEphemeralContainers(context: ContainerContext, path: FieldPath, errors: FieldErrors): void {
  const { containers, initContainers = [], ephemeralContainers = [] } = context.spec;
  const targets = new Set([...(containers ?? []), ...initContainers].map((container) => container.name));
  const names = new Set(targets);
  for (const [i, container] of ephemeralContainers.entries()) {
    const containerPath = path.index(i);
    validateCommon(container, context, containerPath, errors);
    validateImagePadding(container, containerPath, errors);
    if (names.has(container.name)) errors.duplicate(containerPath.child("name"), container.name);
    names.add(container.name);
    const target = container.targetContainerName;
    if (target && !targets.has(target)) errors.notFound(containerPath.child("targetContainerName"), target);
    validateEphemeralFields(container, containerPath, errors);
  }
}

function validateEphemeralFields(container: EphemeralContainer, path: FieldPath, errors: FieldErrors): void {
  const why = "cannot be set for an Ephemeral Container";
  for (const name of NOT_EPHEMERAL) {
    const value = container[name];
    if (value !== undefined && Object.keys(value).length > 0) errors.forbidden(path.child(name), why);
  }
  for (const [i, mount] of (container.volumeMounts ?? []).entries()) {
    for (const name of ["subPath", "subPathExpr"] as const)
      if (mount[name]) errors.forbidden(path.child("volumeMounts").index(i).child(name), why);
  }
}

const MESSAGE_POLICIES = ["File", "FallbackToLogsOnError"];

function validateCommon(
  container: Container,
  { spec, volumes, claims }: ContainerContext,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (container.name === "") errors.required(path.child("name"));
  else errors.invalidAll(path.child("name"), container.name, labelProblems(container.name));
  if (!container.image) errors.required(path.child("image"));
  errors.requiredOneOf(path.child("terminationMessagePolicy"), container.terminationMessagePolicy, MESSAGE_POLICIES);
  validateContainerPorts(container.ports ?? [], path.child("ports"), errors);
  validateEnvironment(container.env ?? [], path.child("env"), errors);
  validateEnvironmentSources(container.envFrom ?? [], path.child("envFrom"), errors);
  validateVolumeMounts(container, volumes, path.child("volumeMounts"), errors);
  validateVolumeDevices(container, volumes, path.child("volumeDevices"), errors);
  validatePullPolicy(container.imagePullPolicy, path.child("imagePullPolicy"), errors);
  validateContainerResources(container.resources, claims, path.child("resources"), errors);
  validateResizePolicies(container.resizePolicy ?? [], spec.restartPolicy, path.child("resizePolicy"), errors);
  validateSecurityContext(container.securityContext, spec.hostUsers !== false, path.child("securityContext"), errors);
}

/** Templates may hold names of images with spaces around them, pods may not. */
export function validateImagePadding({ image = "" }: Container, path: FieldPath, errors: FieldErrors): void {
  if (image.trim() !== image)
    errors.invalid(path.child("image"), image, "must not have leading or trailing whitespace");
}
