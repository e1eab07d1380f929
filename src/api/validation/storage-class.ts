import { byteLength } from "../../lib/byte-length.ts";
import { compareQuantities, parseQuantity } from "../../lib/quantity.ts";
import type { TopologySelectorTerm } from "../generated/core-v1.ts";
import type {
  CSIDriver,
  CSIDriverSpec,
  CSIStorageCapacity,
  StorageClass,
  VolumeAttributesClass,
} from "../generated/storage-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";
import { goMap, goSelector, validateLabelName, validateLabelSelector } from "./labels.ts";
import { subdomainProblems } from "./names.ts";
import { ZERO } from "./resource-name.ts";
import { isDeepEqual } from "./semantic-equality.ts";

/** https://kubernetes.io/docs/concepts/storage/storage-classes/ and what else drivers of storage register. */

const RECLAIM_POLICIES = ["Delete", "Retain"];
const BINDING_MODES = ["Immediate", "WaitForFirstConsumer"];
const MAX_PARAMETERS = 512;
const MAX_PARAMETER_BYTES = 256 * 1024;

export function validateStorageClass(storageClass: StorageClass, errors: FieldErrors): void {
  validateProvisioner(storageClass.provisioner, FieldPath.of("provisioner"), errors);
  validateParameters(storageClass.parameters ?? {}, FieldPath.of("parameters"), errors);
  if (storageClass.reclaimPolicy)
    errors.oneOf(FieldPath.of("reclaimPolicy"), storageClass.reclaimPolicy, RECLAIM_POLICIES);
  const mode = storageClass.volumeBindingMode;
  if (mode === undefined) errors.required(FieldPath.of("volumeBindingMode"));
  else errors.oneOf(FieldPath.of("volumeBindingMode"), mode, BINDING_MODES);
  validateTopologies(storageClass.allowedTopologies ?? [], FieldPath.of("allowedTopologies"), errors);
}

function validateProvisioner(provisioner: string, path: FieldPath, errors: FieldErrors): void {
  if (provisioner === "") errors.required(path);
  else validateLabelName(provisioner.toLowerCase(), path, errors);
}

function validateParameters(parameters: Readonly<Record<string, string>>, path: FieldPath, errors: FieldErrors): void {
  const entries = Object.entries(parameters);
  if (entries.length > MAX_PARAMETERS) return errors.tooLong(path, MAX_PARAMETERS);
  let bytes = 0;
  for (const [name, value] of entries) {
    if (name === "") errors.invalid(path, name, "field can not be empty.");
    bytes += byteLength(name) + byteLength(value);
  }
  if (bytes > MAX_PARAMETER_BYTES) errors.tooLong(path, MAX_PARAMETER_BYTES);
}

function validateTopologies(terms: readonly TopologySelectorTerm[], path: FieldPath, errors: FieldErrors): void {
  const before: Readonly<Record<string, readonly string[]>>[] = [];
  for (const [i, { matchLabelExpressions: expressions = [] }] of terms.entries()) {
    const expressionsPath = path.index(i).child("matchLabelExpressions");
    const sets: Record<string, readonly string[]> = {};
    for (const [j, { key, values }] of expressions.entries()) {
      const expressionPath = expressionsPath.index(j);
      const valuesPath = expressionPath.child("values");
      if (!values?.length) errors.required(valuesPath);
      for (const [k, value] of (values ?? []).entries())
        if (values.indexOf(value) < k) errors.duplicate(valuesPath.index(k), value);
      validateLabelName(key, expressionPath.child("key"), errors);
      if (sets[key]) errors.duplicate(expressionPath.child("key"), key);
      sets[key] = [...new Set(values)].sort();
    }
    // A term without requirements is a duplicate for Kubernetes, of none in particular.
    const isEmpty = expressions.length === 0;
    if (isEmpty || before.some((other) => isDeepEqual(sets, other))) errors.duplicate(expressionsPath, "");
    before.push(sets);
  }
}

export function validateStorageClassUpdate(storageClass: StorageClass, old: StorageClass, errors: FieldErrors): void {
  validateStorageClass(storageClass, errors);
  const { parameters } = storageClass;
  if (!isDeepEqual(parameters, old.parameters)) errors.immutable(FieldPath.of("parameters"), goMap(parameters));
  for (const name of ["provisioner", "reclaimPolicy", "volumeBindingMode"] as const) {
    const value = storageClass[name];
    if (value !== old[name]) errors.immutable(FieldPath.of(name), value ?? null);
  }
}

export function validateAttributesClass(attributes: VolumeAttributesClass, errors: FieldErrors): void {
  validateProvisioner(attributes.driverName, FieldPath.of("driverName"), errors);
  const { parameters = {} } = attributes;
  const path = FieldPath.of("parameters");
  validateParameters(parameters, path, errors);
  if (Object.keys(parameters).length === 0) errors.required(path, "must contain at least one key/value pair");
}

export function validateAttributesClassUpdate(
  attributes: VolumeAttributesClass,
  old: VolumeAttributesClass,
  errors: FieldErrors,
): void {
  if (attributes.driverName !== old.driverName)
    errors.forbidden(FieldPath.of("driverName"), "updates to driverName are forbidden.");
  if (!isDeepEqual(attributes.parameters, old.parameters))
    errors.forbidden(FieldPath.of("parameters"), "updates to parameters are forbidden.");
  validateAttributesClass(attributes, errors);
}

export function validateStorageCapacity(capacity: CSIStorageCapacity, errors: FieldErrors): void {
  const { storageClassName, capacity: amount } = capacity;
  validateLabelSelector(capacity.nodeTopology, FieldPath.of("nodeTopology"), errors);
  errors.invalidAll(FieldPath.of("storageClassName"), storageClassName, subdomainProblems(storageClassName));
  if (amount !== undefined && compareQuantities(parseQuantity(amount), ZERO) < 0)
    errors.invalid(FieldPath.of("capacity"), amount, "must be greater than or equal to 0");
}

export function validateStorageCapacityUpdate(
  capacity: CSIStorageCapacity,
  old: CSIStorageCapacity,
  errors: FieldErrors,
): void {
  validateStorageCapacity(capacity, errors);
  const { nodeTopology, storageClassName } = capacity;
  if (!isDeepEqual(nodeTopology, old.nodeTopology))
    errors.immutable(FieldPath.of("nodeTopology"), goSelector(nodeTopology));
  if (storageClassName !== old.storageClassName) errors.immutable(FieldPath.of("storageClassName"), storageClassName);
}

const DRIVER = FieldPath.of("spec");
const GROUP_POLICIES = ["File", "None", "ReadWriteOnceWithFSType"];
const LIFECYCLE_MODES = ["Persistent", "Ephemeral"];
const MIN_UPDATE_SECONDS = 10;
const MIN_TOKEN_SECONDS = 600;
const MAX_TOKEN_SECONDS = 2 ** 32;

export function validateCsiDriver({ spec }: CSIDriver, errors: FieldErrors): void {
  if (spec.attachRequired === undefined) errors.required(DRIVER.child("attachedRequired"));
  for (const name of ["podInfoOnMount", "storageCapacity"] as const)
    if (spec[name] === undefined) errors.required(DRIVER.child(name));
  errors.oneOf(DRIVER.child("fsGroupPolicy"), spec.fsGroupPolicy, GROUP_POLICIES);
  validateTokenRequests(spec, DRIVER.child("tokenRequests"), errors);
  for (const mode of spec.volumeLifecycleModes ?? [])
    errors.oneOf(DRIVER.child("volumeLifecycleModes"), mode, LIFECYCLE_MODES);
  if (spec.seLinuxMount === undefined) errors.required(DRIVER.child("seLinuxMount"));
  const period = spec.nodeAllocatableUpdatePeriodSeconds;
  if (period !== undefined && period < MIN_UPDATE_SECONDS) {
    const path = DRIVER.child("nodeAllocatableUpdatePeriodSeconds");
    errors.invalid(path, period, `must be greater than or equal to ${MIN_UPDATE_SECONDS} seconds`);
  }
  if (spec.serviceAccountTokenInSecrets !== undefined && !spec.tokenRequests?.length) {
    const why = "serviceAccountTokenInSecrets is set but no tokenRequests are specified";
    errors.invalid(DRIVER.child("serviceAccountTokenInSecrets"), spec.serviceAccountTokenInSecrets, why);
  }
}

function validateTokenRequests({ tokenRequests = [] }: CSIDriverSpec, path: FieldPath, errors: FieldErrors): void {
  const audiences = new Set<string>();
  for (const [i, { audience, expirationSeconds: seconds }] of tokenRequests.entries()) {
    if (audiences.has(audience)) {
      errors.duplicate(path.index(i).child("audience"), audience);
      continue;
    }
    audiences.add(audience);
    if (seconds === undefined) continue;
    const secondsPath = path.index(i).child("expirationSeconds");
    if (seconds < MIN_TOKEN_SECONDS)
      errors.invalid(secondsPath, seconds, "may not specify a duration less than 10 minutes");
    if (seconds > MAX_TOKEN_SECONDS)
      errors.invalid(secondsPath, seconds, "may not specify a duration larger than 2^32 seconds");
  }
}

export function validateCsiDriverUpdate(driver: CSIDriver, old: CSIDriver, errors: FieldErrors): void {
  validateCsiDriver(driver, errors);
  const { attachRequired, volumeLifecycleModes: modes } = driver.spec;
  if (attachRequired !== old.spec.attachRequired)
    errors.immutable(DRIVER.child("attachedRequired"), attachRequired ?? null);
  if (!isDeepEqual(modes, old.spec.volumeLifecycleModes))
    errors.immutable(DRIVER.child("volumeLifecycleModes"), modes ?? null);
}
