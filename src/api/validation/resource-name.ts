import { labelKeyProblems } from "../../lib/label-syntax.ts";
import {
  compareQuantities,
  isQuantity,
  parseQuantity,
  type Quantity,
  quantityOf,
  scaledValue,
} from "../../lib/quantity.ts";
import type { FieldErrors } from "./field-errors.ts";
import type { FieldPath } from "./field-path.ts";

/** Names and amounts of compute resources. https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/ */

const HUGE_PAGES = "hugepages-";
const REQUESTS = "requests.";

const COUNTED = new Set([
  "pods",
  "resourcequotas",
  "services",
  "replicationcontrollers",
  "secrets",
  "configmaps",
  "persistentvolumeclaims",
  "services.nodeports",
  "services.loadbalancers",
]);
const COMPUTE = ["cpu", "memory", "ephemeral-storage"] as const;
const CONTAINER: ReadonlySet<string> = new Set(COMPUTE);
const QUOTA: ReadonlySet<string> = new Set([
  ...COMPUTE,
  ...COMPUTE.map((name) => `requests.${name}`),
  ...COMPUTE.map((name) => `limits.${name}`),
  "requests.storage",
  ...COUNTED,
]);
const STANDARD: ReadonlySet<string> = new Set([...QUOTA, "storage"]);

export function isHugePages(name: string): boolean {
  return name.startsWith(HUGE_PAGES);
}

function isQuotaHugePages(name: string): boolean {
  return name.startsWith(HUGE_PAGES) || name.startsWith(`${REQUESTS}${HUGE_PAGES}`);
}

/** Of Kubernetes itself: without a domain, or of kubernetes.io. */
export function isNative(name: string): boolean {
  return !name.includes("/") || name.includes("kubernetes.io/");
}

function isExtended(name: string): boolean {
  return !isNative(name) && !name.startsWith(REQUESTS) && labelKeyProblems(`${REQUESTS}${name}`).length === 0;
}

/** Whether requests may be below limits. */
export function isOvercommitAllowed(name: string): boolean {
  return isNative(name) && !isHugePages(name);
}

function isInteger(name: string): boolean {
  return COUNTED.has(name) || isExtended(name);
}

export function validateResourceName(name: string, path: FieldPath, errors: FieldErrors): boolean {
  const problems = labelKeyProblems(name);
  errors.invalidAll(path, name, problems);
  if (problems.length > 0) return false;
  if (name.includes("/") || STANDARD.has(name) || isQuotaHugePages(name)) return true;
  errors.invalid(path, name, "must be a standard resource type or fully qualified");
  return false;
}

export function validateContainerResourceName(name: string, path: FieldPath, errors: FieldErrors): void {
  validateResourceName(name, path, errors);
  if (!name.includes("/")) {
    if (!CONTAINER.has(name) && !isHugePages(name))
      errors.invalid(path, name, "must be a standard resource for containers");
  } else if (!isNative(name) && !isExtended(name))
    errors.invalid(path, name, "doesn't follow extended resource name standard");
}

/** What a pod as a whole can have; the one in the middle stands for all sizes of pages. */
const POD_LEVEL = ["cpu", "hugepages-", "memory"];

export function validatePodResourceName(name: string, path: FieldPath, errors: FieldErrors): void {
  if (!validateResourceName(name, path, errors)) return;
  if (name !== "cpu" && name !== "memory" && !isHugePages(name)) errors.notSupported(path, name, POD_LEVEL);
}

export function validateQuotaResourceName(name: string, path: FieldPath, errors: FieldErrors): void {
  validateResourceName(name, path, errors);
  if (!name.includes("/") && !isStandardQuota(name))
    errors.invalid(path, name, "must be a standard resource for quota");
}

export function isStandardQuota(name: string): boolean {
  return QUOTA.has(name) || isQuotaHugePages(name);
}

/** An amount that is not negative, and whole where parts make no sense. */
export function validateQuantity(name: string, text: string, path: FieldPath, errors: FieldErrors): void {
  const amount = parseQuantity(text);
  if (compareQuantities(amount, ZERO) < 0) errors.invalid(path, text, "must be greater than or equal to 0");
  if (isInteger(name) && scaledValue(amount, -3) % 1000n !== 0n) errors.invalid(path, text, "must be an integer");
}

export const ZERO: Quantity = quantityOf(0);

/** Whether an amount of huge pages is a whole number of pages of the size that the name says. */
export function isWholePages(name: string, text: string): boolean {
  const sizeText = name.slice(HUGE_PAGES.length);
  if (!isQuantity(sizeText)) return false;
  const page = parseQuantity(sizeText);
  const size = scaledValue(page);
  return size > 0n && scaledValue(page, -3) % 1000n === 0n && scaledValue(parseQuantity(text)) % size === 0n;
}
