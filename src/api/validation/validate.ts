import type { KubeObject } from "../object.ts";
import type { ResourceInfo } from "../table/type-table.ts";
import { type FieldError, type FieldErrorType, FieldErrors } from "./field-errors.ts";
import { KIND_RULES } from "./kind-rules.ts";
import type { KindRules } from "./kind-rule.ts";
import { validateCustom, validateCustomUpdate } from "./custom-object.ts";
import { NOWHERE } from "./structural.ts";
import { pathSegmentProblems, subdomainProblems } from "./names.ts";
import { type MetaRules, validateGenerateName, validateObjectMeta, validateObjectMetaUpdate } from "./object-meta.ts";

/**
 * Whether objects are what their kinds allow, in the words of Kubernetes. Objects must have been decoded, defaulted and
 * prepared. Errors that Kubernetes says several times because it looks several times are said once, but for those of the metadata of
 * an update.
 */

/** What is wrong with a new object. `group`: of the API that the request uses, where the kind is served by two. */
export function validateCreate(
  info: ResourceInfo,
  object: KubeObject,
  group: string = info.group,
): readonly FieldError[] {
  const errors = new FieldErrors();
  const rules = rulesOf(info);
  const metaRules = metaRulesOf(info, rules);
  // A name that is missing is reported, and the rules go on with none.
  const named: KubeObject = object.metadata.name ? object : { ...object, metadata: { ...object.metadata, name: "" } };
  rules?.first(named, undefined, errors);
  if (!errors.none) return errors.list;
  const hasOwnMeta = info.custom || rules?.name !== undefined;
  if (hasOwnMeta) validateObjectMeta(object.metadata, metaRules, errors);
  if (info.custom) validateCustom(info, object, errors);
  if (rules && mayGoOn(info, errors)) rules.create(named, errors, group);
  // Kinds that do not look at metadata themselves have it looked at when all else is good.
  if (!hasOwnMeta && errors.none) validateObjectMeta(object.metadata, metaRules, errors);
  return errors.list;
}

/** What is wrong with the change of an object, through its main endpoint or a subresource. */
export function validateUpdate(
  info: ResourceInfo,
  object: KubeObject,
  old: KubeObject,
  subresource?: string,
  group: string = info.group,
): readonly FieldError[] {
  const errors = new FieldErrors();
  const rules = rulesOf(info);
  if (subresource === undefined) rules?.first(object, old, errors);
  if (!errors.none) return errors.list;
  const metaRules = metaRulesOf(info, rules);
  // Kubernetes looks at the metadata of all kinds, and most kinds do so again: each cause is told twice.
  validateObjectMetaUpdate(object.metadata, old.metadata, { ...metaRules, standardFinalizers: false }, errors);
  if (info.custom || rules?.name !== undefined)
    validateObjectMetaUpdate(object.metadata, old.metadata, metaRules, errors);
  if (rules?.metaAgain && subresource === undefined) validateGenerateName(object.metadata, metaRules, errors);
  if (info.custom) validateCustomUpdate(info, object, old, subresource, errors);
  if (!rules || !mayGoOn(info, errors)) return errors.list;
  if (subresource === undefined) rules.update(object, old, errors, group);
  else rules.subresource(subresource, object, old, errors);
  return errors.list;
}

/** Rules of custom kinds rely on types and limits that the schema tells; of mere forms they do not. */
function mayGoOn({ custom }: ResourceInfo, errors: FieldErrors): boolean {
  if (!custom || !errors.list.some(({ type }) => BLOCKING.has(type))) return true;
  const why =
    "some validation rules were not checked because the object was invalid; correct the existing errors to complete " +
    "validation";
  errors.invalid(NOWHERE, null, why);
  return false;
}

const BLOCKING: ReadonlySet<FieldErrorType> = new Set([
  "FieldValueNotSupported",
  "FieldValueRequired",
  "FieldValueTooLong",
  "FieldValueTooMany",
  "FieldValueTypeInvalid",
]);

function rulesOf({ group, kind }: ResourceInfo): KindRules | undefined {
  return KIND_RULES.get(`${group}/${kind}`);
}

/** Kinds of which nothing else is known take any name that fits into a URL. */
function metaRulesOf(info: ResourceInfo, rules: KindRules | undefined): MetaRules {
  const { namespaced } = info;
  if (info.custom) return { namespaced, name: subdomainProblems, standardFinalizers: false };
  const name = rules?.name;
  if (name) return { namespaced, name, standardFinalizers: !rules.anyFinalizer };
  const prefix = (text: string): string[] => pathSegmentProblems(text, true);
  return { namespaced, name: pathSegmentProblems, prefix, standardFinalizers: false };
}
