import type { Affinity, PodAffinityTerm, WeightedPodAffinityTerm } from "../generated/core-v1.ts";
import type { LabelSelector } from "../generated/meta-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import type { FieldPath } from "./field-path.ts";
import { validateLabelName, validateLabelSelector } from "./labels.ts";
import { labelProblems } from "./names.ts";
import { validateNodeSelector, validatePreferredTerms, validateWeight } from "./node-selector.ts";

/** https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#affinity-and-anti-affinity */

const REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution";

export function validateAffinity(affinity: Affinity | undefined, path: FieldPath, errors: FieldErrors): void {
  if (!affinity) return;
  const { nodeAffinity } = affinity;
  if (nodeAffinity) {
    const nodePath = path.child("nodeAffinity");
    if (nodeAffinity[REQUIRED]) validateNodeSelector(nodeAffinity[REQUIRED], nodePath.child(REQUIRED), errors);
    validatePreferredTerms(nodeAffinity[PREFERRED] ?? [], nodePath.child(PREFERRED), errors);
  }
  for (const name of ["podAffinity", "podAntiAffinity"] as const) {
    const podAffinity = affinity[name];
    const podPath = path.child(name);
    for (const [i, term] of (podAffinity?.[REQUIRED] ?? []).entries())
      validateTerm(term, podPath.child(REQUIRED).index(i), errors);
    for (const [i, term] of (podAffinity?.[PREFERRED] ?? []).entries())
      validateWeightedTerm(term, podPath.child(PREFERRED).index(i), errors);
  }
}

function validateWeightedTerm(term: WeightedPodAffinityTerm, path: FieldPath, errors: FieldErrors): void {
  validateWeight(term.weight, path.child("weight"), errors);
  validateTerm(term.podAffinityTerm, path.child("podAffinityTerm"), errors);
}

function validateTerm(term: PodAffinityTerm, path: FieldPath, errors: FieldErrors): void {
  validateLabelSelector(term.labelSelector, path.child("labelSelector"), errors);
  validateLabelSelector(term.namespaceSelector, path.child("namespaceSelector"), errors);
  for (const name of term.namespaces ?? []) errors.invalidAll(path.child("namespace"), name, labelProblems(name));
  validateMatchLabelKeys(term.matchLabelKeys ?? [], term.mismatchLabelKeys ?? [], term.labelSelector, path, errors);
  if (term.topologyKey === "") errors.required(path.child("topologyKey"), "can not be empty");
  validateLabelName(term.topologyKey, path.child("topologyKey"), errors);
}

/** Keys whose values are taken from the pod's own labels and merged into the selector. */
export function validateMatchLabelKeys(
  matching: readonly string[],
  mismatching: readonly string[],
  selector: LabelSelector | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const matchPath = path.child("matchLabelKeys");
  validateLabelKeys(matching, selector, matchPath, errors);
  validateLabelKeys(mismatching, selector, path.child("mismatchLabelKeys"), errors);
  const selected = new Set(Object.keys(selector?.matchLabels ?? {}));
  for (const { key } of selector?.matchExpressions ?? []) {
    // A key in both is there once by the server's own merge: only a second time is somebody's mistake.
    if (matching.includes(key) && selected.has(key))
      errors.invalid(path.index(matching.lastIndexOf(key)), key, "exists in both matchLabelKeys and labelSelector");
    selected.add(key);
  }
  for (const [i, key] of matching.entries()) {
    if (mismatching.includes(key))
      errors.invalid(matchPath.index(i), key, "exists in both matchLabelKeys and mismatchLabelKeys");
  }
}

function validateLabelKeys(
  keys: readonly string[],
  selector: LabelSelector | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (keys.length === 0) return;
  if (!selector) return errors.forbidden(path, "must not be specified when labelSelector is not set");
  for (const [i, key] of keys.entries()) validateLabelName(key, path.index(i), errors);
}
