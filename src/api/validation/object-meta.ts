import { byteLength } from "../../lib/byte-length.ts";
import { quoteGo } from "../../lib/go-format.ts";
import { labelKeyProblems } from "../../lib/label-syntax.ts";
import type { ManagedFieldsEntry, ObjectMeta, OwnerReference } from "../generated/meta-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";
import { validateLabels } from "./labels.ts";
import { labelProblems, type NameRule } from "./names.ts";
import { isDeepEqual } from "./semantic-equality.ts";

/** Metadata of all kinds. https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/ */

const METADATA = FieldPath.of("metadata");
const MAX_ANNOTATIONS = 256 * 1024;
const MAX_FIELD_MANAGER = 128;
const MAX_SUBRESOURCE = 256;

export interface MetaRules {
  readonly namespaced: boolean;
  readonly name: NameRule;
  /** Of names that were generated; by default the name's rule with a letter in place of a last dash. */
  readonly prefix?: NameRule;
  /** Built-in kinds know which finalizers without a domain exist; custom kinds take any qualified name. */
  readonly standardFinalizers: boolean;
}

export function validateObjectMeta(meta: ObjectMeta, rules: MetaRules, errors: FieldErrors): void {
  const { name = "", namespace = "" } = meta;
  validateGenerateName(meta, rules, errors);
  if (name === "") errors.required(METADATA.child("name"), "name or generateName is required");
  else errors.invalidAll(METADATA.child("name"), name, rules.name(name));
  if (!rules.namespaced) {
    if (namespace !== "") errors.forbidden(METADATA.child("namespace"), "not allowed on this type");
  } else if (namespace === "") errors.required(METADATA.child("namespace"));
  else errors.invalidAll(METADATA.child("namespace"), namespace, labelProblems(namespace));
  validateNonNegative(meta.generation ?? 0, METADATA.child("generation"), errors);
  validateContent(meta, errors);
  validateFinalizers(meta.finalizers ?? [], errors);
  validateManagedFields(meta.managedFields ?? [], errors);
  if (rules.standardFinalizers) validateStandardFinalizers(meta, errors);
}

/** A name that others were made of, too. */
export function validateGenerateName({ generateName = "" }: ObjectMeta, rules: MetaRules, errors: FieldErrors): void {
  if (generateName !== "")
    errors.invalidAll(METADATA.child("generateName"), generateName, prefixProblems(generateName, rules));
}

function prefixProblems(prefix: string, rules: MetaRules): string[] {
  if (rules.prefix) return rules.prefix(prefix);
  const masked = prefix.length > 1 && prefix.endsWith("-") ? `${prefix.slice(0, -2)}a` : prefix;
  return rules.name(masked);
}

/** What must not change, and what may be changed but only to something good. */
export function validateObjectMetaUpdate(
  meta: ObjectMeta,
  old: ObjectMeta,
  rules: MetaRules,
  errors: FieldErrors,
): void {
  if (old.deletionTimestamp !== undefined) validateNoNewFinalizers(meta, old, errors);
  if (!meta.resourceVersion)
    errors.invalid(METADATA.child("resourceVersion"), meta.resourceVersion ?? "", "must be specified for an update");
  if ((meta.generation ?? 0) < (old.generation ?? 0))
    errors.invalid(METADATA.child("generation"), meta.generation ?? 0, "must not be decremented");
  for (const [name, zero] of FIXED) {
    if (!isDeepEqual(meta[name], old[name])) errors.immutable(METADATA.child(name), meta[name] ?? zero);
  }
  validateContent(meta, errors);
  validateManagedFields(meta.managedFields ?? [], errors);
  if (rules.standardFinalizers) validateStandardFinalizers(meta, errors);
}

/** Fields that never change, and how their absence is shown. */
const FIXED = [
  ["name", ""],
  ["namespace", ""],
  ["uid", ""],
  ["creationTimestamp", null],
  ["deletionTimestamp", null],
  ["deletionGracePeriodSeconds", null],
] as const satisfies readonly (readonly [keyof ObjectMeta, string | null])[];

export function validateNonNegative(value: number, path: FieldPath, errors: FieldErrors): void {
  if (value < 0) errors.invalid(path, value, "must be greater than or equal to 0");
}

export function validatePositive(value: number, path: FieldPath, errors: FieldErrors): void {
  if (value <= 0) errors.invalid(path, value, "must be greater than zero");
}

function validateContent(meta: ObjectMeta, errors: FieldErrors): void {
  validateLabels(meta.labels, METADATA.child("labels"), errors);
  validateAnnotations(meta.annotations, METADATA.child("annotations"), errors);
  validateOwners(meta.ownerReferences ?? [], errors);
}

export function validateAnnotations(
  annotations: Readonly<Record<string, string>> | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  let bytes = 0;
  for (const [name, value] of Object.entries(annotations ?? {})) {
    errors.invalidAll(path, name, labelKeyProblems(name.toLowerCase()));
    bytes += byteLength(name) + byteLength(value);
  }
  if (bytes > MAX_ANNOTATIONS) errors.tooLong(path, MAX_ANNOTATIONS);
}

function validateOwners(owners: readonly OwnerReference[], errors: FieldErrors): void {
  const path = METADATA.child("ownerReferences");
  let controller: string | undefined;
  for (const owner of owners) {
    validateOwner(owner, path, errors);
    if (!owner.controller) continue;
    const name = `${owner.kind}/${owner.name}`;
    if (controller === undefined) controller = name;
    else {
      const found = `Found "true" in references for ${controller} and ${name}`;
      errors.invalid(path, owners, `Only one reference can have Controller set to true. ${found}`);
    }
  }
}

function validateOwner(owner: OwnerReference, path: FieldPath, errors: FieldErrors): void {
  const [group = "", version = group, ...more] = owner.apiVersion.split("/");
  if (version === "" || more.length > 0)
    errors.invalid(path.child("apiVersion"), owner.apiVersion, "version must not be empty");
  for (const name of ["kind", "name", "uid"] as const) {
    if (owner[name] === "") errors.invalid(path.child(name), "", "must not be empty");
  }
  if (owner.apiVersion === "v1" && owner.kind === "Event")
    errors.invalid(path, owner, "/v1, Kind=Event is disallowed from being an owner");
}

function validateFinalizers(finalizers: readonly string[], errors: FieldErrors): void {
  const path = METADATA.child("finalizers");
  for (const finalizer of finalizers) errors.invalidAll(path, finalizer, labelKeyProblems(finalizer));
  if (finalizers.includes("orphan") && finalizers.includes("foregroundDeletion"))
    errors.invalid(path, finalizers, "finalizer orphan and foregroundDeletion cannot be both set");
}

const STANDARD_FINALIZERS = new Set(["kubernetes", "orphan", "foregroundDeletion"]);

function validateStandardFinalizers(meta: ObjectMeta, errors: FieldErrors): void {
  for (const [i, finalizer] of (meta.finalizers ?? []).entries())
    validateKnownFinalizer(finalizer, METADATA.child("finalizers").index(i), errors);
}

/** One that Kubernetes itself uses. */
export function isStandardFinalizer(name: string): boolean {
  return STANDARD_FINALIZERS.has(name);
}

/** A name with a domain, or one that Kubernetes knows. */
function validateKnownFinalizer(finalizer: string, path: FieldPath, errors: FieldErrors): void {
  if (!finalizer.includes("/") && !isStandardFinalizer(finalizer))
    errors.invalid(path, finalizer, "name is neither a standard finalizer name nor is it fully qualified");
}

/** A finalizer of a namespace. */
export function validateKubeFinalizer(finalizer: string, path: FieldPath, errors: FieldErrors): void {
  errors.invalidAll(path, finalizer, labelKeyProblems(finalizer));
  validateKnownFinalizer(finalizer, path, errors);
}

function validateNoNewFinalizers(meta: ObjectMeta, old: ObjectMeta, errors: FieldErrors): void {
  const before = old.finalizers ?? [];
  const added = [...new Set(meta.finalizers)].filter((finalizer) => !before.includes(finalizer)).sort();
  if (added.length === 0) return;
  const shown = `[]string{${added.map(quoteGo).join(", ")}}`;
  errors.forbidden(
    METADATA.child("finalizers"),
    `no new finalizers can be added if the object is being deleted, found new finalizers ${shown}`,
  );
}

function validateManagedFields(entries: readonly ManagedFieldsEntry[], errors: FieldErrors): void {
  for (const [i, entry] of entries.entries()) {
    const path = METADATA.child("managedFields").index(i);
    const operation: string = entry.operation ?? "";
    if (operation !== "Apply" && operation !== "Update")
      errors.invalid(path.child("operation"), operation, "must be `Apply` or `Update`");
    if (entry.fieldsType && entry.fieldsType !== "FieldsV1")
      errors.invalid(path.child("fieldsType"), entry.fieldsType, "must be `FieldsV1`");
    validateFieldManager(entry.manager ?? "", path.child("manager"), errors);
    if (byteLength(entry.subresource ?? "") > MAX_SUBRESOURCE)
      errors.tooLong(path.child("subresource"), MAX_SUBRESOURCE);
  }
}

/** The name of who manages fields; also the query parameter `fieldManager`. */
export function validateFieldManager(manager: string, path: FieldPath, errors: FieldErrors): void {
  if (byteLength(manager) > MAX_FIELD_MANAGER) errors.tooLong(path, MAX_FIELD_MANAGER);
  let position = 0;
  for (const char of manager) {
    if (!/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(char)) {
      const code = (char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
      errors.invalid(path, manager, `invalid character U+${code} (at position ${position})`);
    }
    position += byteLength(char);
  }
}
