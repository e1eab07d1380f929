import { labelKeyProblems } from "../../lib/label-syntax.ts";
import { compareQuantities, parseQuantity, type Quantity, scaledValue } from "../../lib/quantity.ts";
import type { LimitRange, LimitRangeItem } from "../generated/core-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";
import { isOvercommitAllowed, validateContainerResourceName, validateResourceName } from "./resource-name.ts";

/** https://kubernetes.io/docs/concepts/policy/limit-range/ */

const LIMITS = FieldPath.of("spec").child("limits");
const TYPES = ["Pod", "Container", "PersistentVolumeClaim"];
const PARTS = ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"] as const;

export function validateLimitRange({ spec }: LimitRange, errors: FieldErrors): void {
  const types = new Set<string>();
  for (const [i, item] of (spec?.limits ?? []).entries()) {
    const path = LIMITS.index(i);
    validateType(item.type, path.child("type"), errors);
    if (types.has(item.type)) errors.duplicate(path.child("type"), item.type);
    types.add(item.type);
    validateItem(item, path, errors);
  }
}

function validateType(type: string, path: FieldPath, errors: FieldErrors): void {
  const problems = labelKeyProblems(type);
  errors.invalidAll(path, type, problems);
  if (problems.length === 0 && !type.includes("/") && !TYPES.includes(type))
    errors.invalid(path, type, "must be a standard limit type or fully qualified");
}

function validateItem(item: LimitRangeItem, path: FieldPath, errors: FieldErrors): void {
  const isPod = item.type === "Pod";
  const validateName = isPod || item.type === "Container" ? validateContainerResourceName : validateResourceName;
  const names = new Set<string>();
  for (const part of PARTS) {
    const amounts = Object.keys(item[part] ?? {});
    if (isPod && (part === "default" || part === "defaultRequest")) {
      if (amounts.length > 0) errors.forbidden(path.child(part), "may not be specified when `type` is 'Pod'");
      continue;
    }
    if (part === "maxLimitRequestRatio") validateClaimSize(item, path, errors);
    for (const name of amounts) {
      validateName(name, path.child(part).key(name), errors);
      names.add(name);
    }
  }
  for (const name of names) validateAmounts(item, isPod, name, path, errors);
}

function validateClaimSize({ type, min, max }: LimitRangeItem, path: FieldPath, errors: FieldErrors): void {
  if (type !== "PersistentVolumeClaim" || min?.["storage"] !== undefined || max?.["storage"] !== undefined) return;
  const why = "either minimum or maximum storage value is required, but neither was provided";
  errors.required(path.child("limits"), why);
}

/** The amounts of one resource, as far as the type of limit knows them. */
interface Amounts {
  readonly min: string | undefined;
  readonly max: string | undefined;
  readonly default: string | undefined;
  readonly defaultRequest: string | undefined;
}

function validateAmounts(
  item: LimitRangeItem,
  isPod: boolean,
  name: string,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const amounts: Amounts = {
    min: item.min?.[name],
    max: item.max?.[name],
    default: isPod ? undefined : item.default?.[name],
    defaultRequest: isPod ? undefined : item.defaultRequest?.[name],
  };
  for (const order of ORDERS) validateOrder(amounts, order, path, name, errors);
  const ratio = item.maxLimitRequestRatio?.[name];
  const ratioPath = path.child("maxLimitRequestRatio").key(name);
  if (ratio !== undefined) validateRatio(ratio, amounts.min, amounts.max, ratioPath, errors);
  const { default: limit, defaultRequest: request } = amounts;
  if (isOvercommitAllowed(name) || limit === undefined || request === undefined) return;
  if (compareQuantities(parseQuantity(limit), parseQuantity(request)) === 0) return;
  const why = `default value ${limit} must equal to defaultRequest value ${request} in ${name}`;
  errors.invalid(path.child("defaultRequest").key(name), request, why);
}

/** What must not be more than what, where the error is put, and which of the two amounts it shows. */
interface Order {
  readonly lower: keyof Amounts;
  readonly upper: keyof Amounts;
  readonly at: keyof Amounts;
  readonly shown: keyof Amounts;
  readonly upperName?: string;
}

const ORDERS: readonly Order[] = [
  { lower: "min", upper: "max", at: "min", shown: "min" },
  { lower: "min", upper: "defaultRequest", at: "defaultRequest", shown: "defaultRequest" },
  { lower: "defaultRequest", upper: "max", at: "defaultRequest", shown: "defaultRequest" },
  {
    lower: "defaultRequest",
    upper: "default",
    at: "defaultRequest",
    shown: "defaultRequest",
    upperName: "default limit",
  },
  { lower: "min", upper: "default", at: "default", shown: "min" },
  { lower: "default", upper: "max", at: "default", shown: "max" },
];
const NAMES: Readonly<Record<keyof Amounts, string>> = {
  min: "min",
  max: "max",
  default: "default",
  defaultRequest: "default request",
};

function validateOrder(amounts: Amounts, order: Order, path: FieldPath, name: string, errors: FieldErrors): void {
  const low = amounts[order.lower];
  const high = amounts[order.upper];
  if (low === undefined || high === undefined) return;
  if (compareQuantities(parseQuantity(low), parseQuantity(high)) <= 0) return;
  const upperName = order.upperName ?? NAMES[order.upper];
  const why = `${NAMES[order.lower]} value ${low} is greater than ${upperName} value ${high}`;
  errors.invalid(path.child(order.at).key(name), amounts[order.shown], why);
}

function validateRatio(
  ratio: string,
  min: string | undefined,
  max: string | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const milli = (quantity: Quantity): number => Number(scaledValue(quantity, -3));
  const value = milli(parseQuantity(ratio)) / 1000;
  if (value < 1) errors.invalid(path, ratio, `ratio ${ratio} is less than 1`);
  if (min === undefined || max === undefined) return;
  const limit = milli(parseQuantity(max)) / milli(parseQuantity(min));
  if (value > limit) errors.invalid(path, ratio, `ratio ${ratio} is greater than max/min = ${limit.toFixed(6)}`);
}
