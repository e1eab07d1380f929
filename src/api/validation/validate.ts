import type { KubeObject } from "../object.ts";
import type { ResourceInfo } from "../table/type-table.ts";
import { type FieldError, FieldErrors } from "./field-errors.ts";
import { KIND_RULES } from "./kind-rules.ts";
import type { KindRules } from "./kind-rule.ts";
import { validateCustom, validateCustomUpdate } from "./custom-object.ts";
import { pathSegmentProblems, subdomainProblems } from "./names.ts";
import { type MetaRules, validateObjectMeta, validateObjectMetaUpdate } from "./object-meta.ts";

/**
 * Whether objects are what their kinds allow, in the words of Kubernetes. Objects must have been decoded, defaulted and
 * prepared. Errors that Kubernetes says several times because it looks several times are said once.
 */

/** What is wrong with a new object. */
export function validateCreate(info: ResourceInfo, object: KubeObject): readonly FieldError[] {
  const errors = new FieldErrors();
  const rules = rulesOf(info);
  validateObjectMeta(object.metadata, metaRulesOf(info, rules), errors);
  if (info.custom) validateCustom(info, object, errors);
  rules?.create(object, errors);
  return errors.list;
}

/** What is wrong with the change of an object, through its main endpoint or a subresource. */
export function validateUpdate(
  info: ResourceInfo,
  object: KubeObject,
  old: KubeObject,
  subresource?: string,
): readonly FieldError[] {
  const errors = new FieldErrors();
  const rules = rulesOf(info);
  validateObjectMetaUpdate(object.metadata, old.metadata, metaRulesOf(info, rules), errors);
  if (info.custom) validateCustomUpdate(info, object, old, subresource, errors);
  if (subresource === undefined) rules?.update(object, old, errors);
  else rules?.subresource(subresource, object, old, errors);
  return errors.list;
}

function rulesOf({ group, kind }: ResourceInfo): KindRules | undefined {
  return KIND_RULES.get(`${group}/${kind}`);
}

/** Kinds of which nothing else is known take any name that fits into a URL. */
function metaRulesOf(info: ResourceInfo, rules: KindRules | undefined): MetaRules {
  const { namespaced } = info;
  if (info.custom) return { namespaced, name: subdomainProblems, standardFinalizers: false };
  const name = rules?.name;
  if (name) return { namespaced, name, standardFinalizers: true };
  const prefix = (text: string): string[] => pathSegmentProblems(text, true);
  return { namespaced, name: pathSegmentProblems, prefix, standardFinalizers: false };
}
