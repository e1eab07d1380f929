import { compareQuantities, parseQuantity } from "../../lib/quantity.ts";
import type { ResourceClaim, ResourceRequirements } from "../generated/core-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import type { FieldPath } from "./field-path.ts";
import { labelProblems } from "./names.ts";
import {
  isHugePages,
  isOvercommitAllowed,
  isWholePages,
  validateContainerResourceName,
  validatePodResourceName,
  validateQuantity,
} from "./resource-name.ts";

/** Requests and limits of containers and of pods. */

type NameValidator = (name: string, path: FieldPath, errors: FieldErrors) => void;

export function validateContainerResources(
  resources: ResourceRequirements | undefined,
  claimNames: ReadonlySet<string>,
  path: FieldPath,
  errors: FieldErrors,
): void {
  validateRequirements(resources ?? {}, validateContainerResourceName, claimNames, path, errors);
}

export function validatePodResources(
  resources: ResourceRequirements,
  claimNames: ReadonlySet<string>,
  path: FieldPath,
  errors: FieldErrors,
): void {
  validateRequirements(resources, validatePodResourceName, claimNames, path, errors);
}

function validateRequirements(
  resources: ResourceRequirements,
  validateName: NameValidator,
  claimNames: ReadonlySet<string>,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const { limits = {}, requests = {}, claims = [] } = resources;
  const requestsPath = path.child("requests");
  for (const [name, text] of Object.entries(limits)) {
    const limitPath = path.child("limits").key(name);
    validateName(name, limitPath, errors);
    validateQuantity(name, text, limitPath, errors);
    validatePages(name, text, limitPath, errors);
  }
  for (const [name, text] of Object.entries(requests)) {
    const requestPath = requestsPath.key(name);
    validateName(name, requestPath, errors);
    validateQuantity(name, text, requestPath, errors);
    validateAgainstLimit(name, text, limits[name], path, errors);
    validatePages(name, text, requestPath, errors);
  }
  const named = [...Object.keys(limits), ...Object.keys(requests)];
  if (named.some(isHugePages) && !named.includes("cpu") && !named.includes("memory"))
    errors.forbidden(path, "HugePages require cpu or memory");
  validateClaims(claims, claimNames, path.child("claims"), errors);
}

function validateAgainstLimit(
  name: string,
  request: string,
  limit: string | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (limit === undefined) {
    if (!isOvercommitAllowed(name))
      errors.required(path.child("limits"), "Limit must be set for non overcommitable resources");
    return;
  }
  const order = compareQuantities(parseQuantity(request), parseQuantity(limit));
  const requestsPath = path.child("requests");
  if (order !== 0 && !isOvercommitAllowed(name))
    errors.invalid(requestsPath, request, `must be equal to ${name} limit of ${limit}`);
  else if (order > 0) errors.invalid(requestsPath, request, `must be less than or equal to ${name} limit of ${limit}`);
}

function validatePages(name: string, text: string, path: FieldPath, errors: FieldErrors): void {
  if (isHugePages(name) && !isWholePages(name, text))
    errors.invalid(path, text, `${text} is not positive integer multiple of ${name}`);
}

/** Which of the pod's resource claims a container uses; each once, or each of its requests once. */
function validateClaims(
  claims: readonly ResourceClaim[],
  claimNames: ReadonlySet<string>,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const seen = new Set<string>();
  for (const [i, { name, request = "" }] of claims.entries()) {
    const claimPath = path.index(i);
    if (name === "") {
      errors.required(claimPath);
      continue;
    }
    if (seen.has(name)) errors.duplicate(claimPath, name);
    else {
      if (request !== "") errors.invalidAll(claimPath.child("request"), request, labelProblems(request));
      const key = request === "" ? name : `${name}/${request}`;
      if (seen.has(key)) errors.duplicate(claimPath, key);
      else if (request === "" && [...seen].some((other) => other.startsWith(`${name}/`)))
        errors.duplicate(claimPath, name);
      seen.add(key);
    }
    if (!claimNames.has(name)) {
      const names = claimNames.size === 0 ? " which is empty" : `: ${[...claimNames].sort().join(", ")}`;
      errors.notFound(claimPath, name, `must be one of the names in pod.spec.resourceClaims${names}`);
    }
  }
}
