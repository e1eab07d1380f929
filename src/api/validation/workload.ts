import { AppError } from "../../lib/app-error.ts";
import { type LabelSelector as Matcher, labelSelectorOf, matchesLabels } from "../../lib/label-selector.ts";
import type { PodTemplateSpec } from "../generated/core-v1.ts";
import type { LabelSelector } from "../generated/meta-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import type { FieldPath } from "./field-path.ts";
import { goMap, goSelector, validateLabelSelector } from "./labels.ts";
import { validateNonNegative } from "./object-meta.ts";
import { validatePodTemplateSpec } from "./pod-template.ts";

/** What controllers of pods have in common: a selector, and a template whose labels it selects. */

export interface Selecting {
  readonly selector?: LabelSelector | null;
  readonly template?: PodTemplateSpec;
}

/** @param owner as the error names it: `deployment` */
export function validateSelector(
  selector: LabelSelector | null | undefined,
  owner: string,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (!selector) return errors.required(path);
  validateLabelSelector(selector, path, errors);
  if (selectsAll(selector)) errors.invalid(path, {}, `empty selector is invalid for ${owner}`);
}

export function selectsAll({ matchLabels = {}, matchExpressions = [] }: LabelSelector): boolean {
  return Object.keys(matchLabels).length + matchExpressions.length === 0;
}

/** Undefined when the selector is not one. */
export function matcherOf(selector: LabelSelector | null | undefined): Matcher | undefined {
  try {
    return labelSelectorOf(selector ?? undefined);
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}

/** The template of pods that are replaced when they end. @param owner `ReplicaSet` */
export function validateSelectedTemplate(spec: Selecting, owner: string, path: FieldPath, errors: FieldErrors): void {
  const matcher = matcherOf(spec.selector);
  if (!matcher) return errors.invalid(path.child("selector"), goSelector(spec.selector), "invalid label selector");
  const template = spec.template ?? {};
  const templatePath = path.child("template");
  if (matcher.nothing || matcher.requirements.length > 0) validateSelection(matcher, template, templatePath, errors);
  validatePodTemplateSpec(template, templatePath, errors);
  validateLasting(template, owner, templatePath, errors);
}

export function validateSelection(
  matcher: Matcher,
  template: PodTemplateSpec,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const labels = template.metadata?.labels;
  if (matchesLabels(matcher, labels)) return;
  const why = "`selector` does not match template `labels`";
  errors.invalid(path.child("metadata").child("labels"), goMap(labels), why);
}

/** Such pods always restart, and have no end. */
export function validateLasting({ spec }: PodTemplateSpec, owner: string, path: FieldPath, errors: FieldErrors): void {
  const specPath = path.child("spec");
  errors.oneOf(specPath.child("restartPolicy"), spec?.restartPolicy ?? "", ["Always"]);
  if (spec?.activeDeadlineSeconds !== undefined) {
    const why = `activeDeadlineSeconds in ${owner} is not Supported`;
    errors.forbidden(specPath.child("activeDeadlineSeconds"), why);
  }
}

/** Numbers that are not there count as 0. */
export function validateCounts<K extends string>(
  object: { readonly [N in K]?: number | undefined },
  names: readonly K[],
  path: FieldPath,
  errors: FieldErrors,
): void {
  for (const name of names) validateNonNegative(object[name] ?? 0, path.child(name), errors);
}

/** None of the named numbers may be more than `limit`. */
export function validateAtMost<K extends string>(
  object: { readonly [N in K]?: number | undefined },
  names: readonly K[],
  limit: number | undefined,
  limitName: string,
  path: FieldPath,
  errors: FieldErrors,
): void {
  for (const name of names) {
    const count = object[name] ?? 0;
    if (count > (limit ?? 0)) errors.invalid(path.child(name), count, `cannot be greater than ${limitName}`);
  }
}

export function validateNotDecremented(
  count: number | undefined,
  old: number | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (old !== undefined && (count === undefined || count < old))
    errors.invalid(path, count ?? 0, "cannot be decremented");
}
