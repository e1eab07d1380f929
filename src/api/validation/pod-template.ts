import type { PodTemplate, PodTemplateSpec } from "../generated/core-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";
import { validateLabels } from "./labels.ts";
import { validateAnnotations } from "./object-meta.ts";
import { validatePodAnnotations, validateProfileAnnotations } from "./pod.ts";
import { validatePodSpec } from "./pod-spec.ts";

/** https://kubernetes.io/docs/concepts/workloads/pods/#pod-templates */

export function validatePodTemplate({ template }: PodTemplate, errors: FieldErrors): void {
  validatePodTemplateSpec(template ?? {}, FieldPath.of("template"), errors);
}

export function validatePodTemplateSpec(template: PodTemplateSpec, path: FieldPath, errors: FieldErrors): void {
  const spec = template.spec ?? { containers: [] };
  const { annotations, labels } = template.metadata ?? {};
  const annotationsPath = path.child("annotations");
  const specPath = path.child("spec");
  validateLabels(labels, path.child("labels"), errors);
  validateAnnotations(annotations, annotationsPath, errors);
  validatePodAnnotations(annotations ?? {}, spec, annotationsPath, errors);
  validatePodSpec(spec, undefined, false, specPath, errors);
  validateProfileAnnotations(annotations, spec, specPath, errors);
  if (spec.ephemeralContainers?.length)
    errors.forbidden(specPath.child("ephemeralContainers"), "ephemeral containers not allowed in pod template");
}
