import type { RuntimeClass } from "../generated/node-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";
import { internalForm } from "./internal-form.ts";
import { validateLabels } from "./labels.ts";
import { labelProblems } from "./names.ts";
import { validateContainerResources } from "./resource-requirements.ts";
import { validateTolerations } from "./toleration.ts";

/** https://kubernetes.io/docs/concepts/containers/runtime-class/ */

const HANDLER = FieldPath.of("handler");
const NO_CLAIMS: ReadonlySet<string> = new Set();

export function validateRuntimeClass({ handler, overhead, scheduling }: RuntimeClass, errors: FieldErrors): void {
  if (handler === "") errors.required(HANDLER);
  else errors.invalidAll(HANDLER, handler, labelProblems(handler));
  if (overhead) {
    const limits = overhead.podFixed ?? {};
    validateContainerResources({ limits }, NO_CLAIMS, FieldPath.of("overhead"), errors);
  }
  if (!scheduling) return;
  const path = FieldPath.of("scheduling").child("tolerations");
  validateLabels(scheduling.nodeSelector, FieldPath.of("scheduling").child("nodeSelector"), errors);
  validateTolerations(scheduling.tolerations ?? [], path, errors);
  const seen = new Set<string>();
  for (const [i, toleration] of (scheduling.tolerations ?? []).entries()) {
    const key = JSON.stringify({ ...toleration, tolerationSeconds: undefined });
    if (seen.has(key)) errors.duplicate(path.index(i), internalForm("Toleration", toleration));
    seen.add(key);
  }
}

export function validateRuntimeClassUpdate(runtime: RuntimeClass, old: RuntimeClass, errors: FieldErrors): void {
  validateRuntimeClass(runtime, errors);
  const { handler } = runtime;
  if (handler !== old.handler) errors.immutable(HANDLER, handler);
}
