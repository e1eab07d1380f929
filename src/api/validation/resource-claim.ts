import type { PodResourceClaim } from "../generated/core-v1.ts";
import type { ObjectMeta } from "../generated/meta-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";
import { internalForm } from "./internal-form.ts";
import { labelProblems, subdomainProblems } from "./names.ts";

/** https://kubernetes.io/docs/concepts/scheduling-eviction/dynamic-resource-allocation/ */

export const MIRROR = "kubernetes.io/config.mirror";

export function validatePodClaims(
  meta: ObjectMeta | undefined,
  claims: readonly PodResourceClaim[],
  path: FieldPath,
  errors: FieldErrors,
): void {
  const names = new Set<string>();
  for (const [i, claim] of claims.entries()) {
    if (meta?.annotations?.[MIRROR] === undefined) validateClaim(claim, names, path.index(i), errors);
    else errors.forbidden(FieldPath.of(""), "static pods do not support resource claims");
  }
}

function validateClaim(claim: PodResourceClaim, names: Set<string>, path: FieldPath, errors: FieldErrors): void {
  const { name, resourceClaimName, resourceClaimTemplateName } = claim;
  const namePath = path.child("name");
  if (name === "") errors.required(namePath);
  else if (names.has(name)) errors.duplicate(namePath, name);
  else errors.invalidAll(namePath, name, labelProblems(name));
  names.add(name);
  const refuse = (why: string): void => errors.invalid(path, internalForm("PodResourceClaim", claim), why);
  if (resourceClaimName !== undefined && resourceClaimTemplateName !== undefined)
    refuse("at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified");
  if (resourceClaimName === undefined && resourceClaimTemplateName === undefined)
    refuse("must specify one of: `resourceClaimName`, `resourceClaimTemplateName`");
  for (const field of ["resourceClaimName", "resourceClaimTemplateName"] as const) {
    const value = claim[field];
    if (value !== undefined) errors.invalidAll(path.child(field), value, subdomainProblems(value));
  }
}
