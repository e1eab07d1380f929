import { labelKeyProblems } from "../../lib/label-syntax.ts";
import { compareQuantities, parseQuantity } from "../../lib/quantity.ts";
import type { ObjectFieldSelector, ResourceFieldSelector } from "../generated/core-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import type { FieldPath } from "./field-path.ts";
import { ZERO } from "./resource-name.ts";

/** References to a pod's own fields. https://kubernetes.io/docs/concepts/workloads/pods/downward-api/ */

/** What a volume may show, sorted. */
export const VOLUME_FIELDS: readonly string[] = [
  "metadata.annotations",
  "metadata.labels",
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
];
/** What an environment variable may show, sorted. */
export const VARIABLE_FIELDS: readonly string[] = [
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "spec.nodeName",
  "spec.serviceAccountName",
  "status.hostIP",
  "status.hostIPs",
  "status.podIP",
  "status.podIPs",
];
/** What has a label in the downward API at all. */
const LABELLED = new Set([
  ...VOLUME_FIELDS,
  ...VARIABLE_FIELDS,
  "spec.restartPolicy",
  "spec.schedulerName",
  "status.phase",
]);
/** Names of old that stand for others. */
const RENAMED: Readonly<Record<string, string>> = { "spec.host": "spec.nodeName" };
const RESOURCES = [
  "limits.cpu",
  "limits.ephemeral-storage",
  "limits.memory",
  "requests.cpu",
  "requests.ephemeral-storage",
  "requests.memory",
];

/** `metadata.labels['app']` → path and subscript. */
function splitSubscript(fieldPath: string): readonly [path: string, subscript: string] | undefined {
  if (!fieldPath.endsWith("']")) return undefined;
  const open = fieldPath.indexOf("['");
  return open > 0 ? [fieldPath.slice(0, open), fieldPath.slice(open + 2, -2)] : undefined;
}

export function validateFieldSelector(
  selector: ObjectFieldSelector,
  allowed: readonly string[],
  path: FieldPath,
  errors: FieldErrors,
): void {
  const { apiVersion = "", fieldPath } = selector;
  if (apiVersion === "") return errors.required(path.child("apiVersion"));
  if (fieldPath === "") return errors.required(path.child("fieldPath"));
  const problem = conversionProblem(apiVersion, fieldPath);
  if (problem) return errors.invalid(path.child("fieldPath"), fieldPath, `error converting fieldPath: ${problem}`);
  const subscripted = splitSubscript(fieldPath);
  if (!subscripted) {
    const name = RENAMED[fieldPath] ?? fieldPath;
    if (!allowed.includes(name)) errors.notSupported(path.child("fieldPath"), name, allowed);
    return;
  }
  const [name, subscript] = subscripted;
  const key = name === "metadata.annotations" ? subscript.toLowerCase() : subscript;
  errors.invalidAll(path, key, labelKeyProblems(key));
}

function conversionProblem(apiVersion: string, fieldPath: string): string | undefined {
  if (apiVersion !== "v1") return `unsupported pod version: ${apiVersion}`;
  const subscripted = splitSubscript(fieldPath);
  const known = subscripted
    ? subscripted[0] === "metadata.annotations" || subscripted[0] === "metadata.labels"
    : LABELLED.has(RENAMED[fieldPath] ?? fieldPath);
  if (known) return undefined;
  return subscripted
    ? `field label does not support subscript: ${fieldPath}`
    : `field label not supported: ${fieldPath}`;
}

export function validateResourceFieldSelector(
  selector: ResourceFieldSelector,
  inVolume: boolean,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const { resource, divisor = "0" } = selector;
  const isPages = /^(?:requests|limits)\.hugepages-/.test(resource);
  if (inVolume && !selector.containerName) errors.required(path.child("containerName"));
  else if (resource === "") errors.required(path.child("resource"));
  else if (!RESOURCES.includes(resource) && !isPages) errors.notSupported(path.child("resource"), resource, RESOURCES);
  validateDivisor(resource, divisor, isPages, path, errors);
}

const UNITS = ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];

function validateDivisor(
  resource: string,
  divisor: string,
  isPages: boolean,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (compareQuantities(parseQuantity(divisor), ZERO) === 0) return;
  const what = isPages ? "hugepages" : MEASURED[resource.slice(resource.indexOf(".") + 1)];
  if (what === undefined) return;
  const units = what === "cpu" ? ["1m", "1"] : UNITS;
  if (units.includes(divisor)) return;
  const listed = what === "cpu" ? "1m and 1" : units.join(", ");
  errors.invalid(
    path.child("divisor"),
    resource,
    `only divisor's values ${listed} are supported with the ${what} resource`,
  );
}

const MEASURED: Readonly<Record<string, string>> = {
  cpu: "cpu",
  memory: "memory",
  "ephemeral-storage": "local ephemeral storage",
};
