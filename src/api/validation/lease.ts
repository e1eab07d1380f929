import type { Lease } from "../generated/coordination-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";
import { validateLabelName } from "./labels.ts";

/** https://kubernetes.io/docs/concepts/architecture/leases/ */

const SPEC = FieldPath.of("spec");

export function validateLease({ spec }: Lease, errors: FieldErrors): void {
  const { leaseDurationSeconds: duration, leaseTransitions: transitions, strategy, preferredHolder } = spec;
  if (duration !== undefined && duration <= 0)
    errors.invalid(SPEC.child("leaseDurationSeconds"), duration, "must be greater than 0");
  if (transitions !== undefined && transitions < 0)
    errors.invalid(SPEC.child("leaseTransitions"), transitions, "must be greater than or equal to 0");
  if (strategy !== undefined) validateStrategy(strategy, SPEC.child("strategy").child("strategy"), errors);
  if (preferredHolder && !strategy)
    errors.forbidden(SPEC.child("preferredHolder"), "may only be specified if `strategy` is defined");
}

/** One that Kubernetes defines, or one with a domain. */
function validateStrategy(strategy: string, path: FieldPath, errors: FieldErrors): void {
  if (strategy.includes("/")) validateLabelName(strategy, path, errors);
  else errors.oneOf(path, strategy, ["OldestEmulationVersion"]);
}
