import type {
  ConfigMapKeySelector,
  EnvFromSource,
  EnvVar,
  EnvVarSource,
  FileKeySelector,
} from "../generated/core-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import type { FieldPath } from "./field-path.ts";
import { validateFieldSelector, validateResourceFieldSelector, VARIABLE_FIELDS } from "./field-reference.ts";
import { validateNoBacksteps } from "./local-path.ts";
import { configKeyProblems, labelProblems, subdomainProblems, variableNameProblems } from "./names.ts";

/** Environment variables of containers. */
export function validateEnvironment(variables: readonly EnvVar[], path: FieldPath, errors: FieldErrors): void {
  for (const [i, variable] of variables.entries()) {
    const variablePath = path.index(i);
    if (variable.name === "") errors.required(variablePath.child("name"));
    else errors.invalidAll(variablePath.child("name"), variable.name, variableNameProblems(variable.name));
    if (variable.valueFrom) validateSource(variable, variable.valueFrom, variablePath.child("valueFrom"), errors);
  }
}

function validateSource(variable: EnvVar, source: EnvVarSource, path: FieldPath, errors: FieldErrors): void {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = source;
  if (fieldRef) validateFieldSelector(fieldRef, VARIABLE_FIELDS, path.child("fieldRef"), errors);
  if (resourceFieldRef) validateResourceFieldSelector(resourceFieldRef, false, path.child("resourceFieldRef"), errors);
  if (configMapKeyRef) validateKeySelector(configMapKeyRef, path.child("configMapKeyRef"), errors);
  if (secretKeyRef) validateKeySelector(secretKeyRef, path.child("secretKeyRef"), errors);
  if (fileKeyRef) validateFileKey(fileKeyRef, path.child("fileKeyRef"), errors);
  const sources = Object.keys(source).length;
  if (sources === 0)
    errors.invalid(
      path,
      "",
      "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`",
    );
  else if (variable.value) errors.invalid(path, "", "may not be specified when `value` is not empty");
  else if (sources > 1) errors.invalid(path, "", "may not have more than one field specified at a time");
}

function validateKeySelector(selector: ConfigMapKeySelector, path: FieldPath, errors: FieldErrors): void {
  const { name = "", key } = selector;
  errors.invalidAll(path.child("name"), name, subdomainProblems(name));
  if (key === "") errors.required(path.child("key"));
  else errors.invalidAll(path.child("key"), key, configKeyProblems(key));
}

function validateFileKey(selector: FileKeySelector, path: FieldPath, errors: FieldErrors): void {
  if (selector.key === "") errors.required(path.child("key"));
  else errors.invalidAll(path.child("key"), selector.key, variableNameProblems(selector.key));
  if (selector.volumeName === "") errors.required(path.child("volumeName"));
  else errors.invalidAll(path.child("volumeName"), selector.volumeName, labelProblems(selector.volumeName));
  if (selector.path === "") errors.required(path.child("path"));
  else validateNoBacksteps(selector.path, path.child("path"), errors);
}

export function validateEnvironmentSources(
  sources: readonly EnvFromSource[],
  path: FieldPath,
  errors: FieldErrors,
): void {
  for (const [i, source] of sources.entries()) {
    const sourcePath = path.index(i);
    if (source.prefix)
      errors.invalidAll(sourcePath.child("prefix"), source.prefix, variableNameProblems(source.prefix));
    let count = 0;
    for (const name of ["configMapRef", "secretRef"] as const) {
      const reference = source[name];
      if (!reference) continue;
      count++;
      const namePath = sourcePath.child(name).child("name");
      if (!reference.name) errors.required(namePath);
      // Kubernetes takes the name for a prefix here, of which the last dash may grow into something good.
      else errors.invalidAll(namePath, reference.name, subdomainProblems(maskDash(reference.name)));
    }
    if (count === 0) errors.invalid(path, "", "must specify one of: `configMapRef` or `secretRef`");
    else if (count > 1) errors.invalid(path, "", "may not have more than one field specified at a time");
  }
}

function maskDash(name: string): string {
  return name.length > 1 && name.endsWith("-") ? `${name.slice(0, -2)}a` : name;
}
