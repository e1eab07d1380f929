import type { FieldErrors } from "./field-errors.ts";
import type { FieldPath } from "./field-path.ts";
import { percentProblems } from "./names.ts";
import { validateNonNegative } from "./object-meta.ts";

/** Amounts of pods: a number, or a percentage of all (`25%`). */
export type Amount = number | string;

export function validateAmount(amount: Amount, path: FieldPath, errors: FieldErrors): void {
  if (typeof amount === "number") validateNonNegative(amount, path, errors);
  else errors.invalidAll(path, amount, percentProblems(amount));
}

/** The number before the percent sign or without one; 0 for other texts. */
export function numberOf(amount: Amount): number {
  if (typeof amount === "number") return amount;
  const digits = percentProblems(amount).length === 0 ? amount.slice(0, -1) : amount;
  return /^[+-]?[0-9]+$/.test(digits) ? Number(digits) : 0;
}

export function validateNotMoreThanAll(amount: Amount, path: FieldPath, errors: FieldErrors): void {
  if (typeof amount === "string" && percentProblems(amount).length === 0 && numberOf(amount) > 100)
    errors.invalid(path, amount, "must not be greater than 100%");
}
