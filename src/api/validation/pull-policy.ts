import type { FieldErrors } from "./field-errors.ts";
import type { FieldPath } from "./field-path.ts";

const POLICIES = ["Always", "IfNotPresent", "Never"];

/** When an image is fetched. https://kubernetes.io/docs/concepts/containers/images/#image-pull-policy */
export function validatePullPolicy(policy: string | undefined, path: FieldPath, errors: FieldErrors): void {
  if (!policy) errors.required(path);
  else if (!POLICIES.includes(policy)) errors.notSupported(path, policy, POLICIES);
}
