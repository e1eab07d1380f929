import type { FieldErrors } from "./field-errors.ts";
import type { FieldPath } from "./field-path.ts";

/** Paths of files in volumes and on nodes. */

export function validateNoBacksteps(target: string, path: FieldPath, errors: FieldErrors): void {
  if (hasBacksteps(target)) errors.invalid(path, target, "must not contain '..'");
}

export function hasBacksteps(target: string): boolean {
  return target.split("/").includes("..");
}

/** A relative path that stays below where it begins. */
export function validateDescendingPath(target: string, path: FieldPath, errors: FieldErrors): void {
  if (target.startsWith("/")) errors.invalid(path, target, "must be a relative path");
  validateNoBacksteps(target, path, errors);
}

/** Names that begin with two dots belong to the machinery that updates volumes. */
export function validateUnreservedPath(target: string, path: FieldPath, errors: FieldErrors): void {
  validateDescendingPath(target, path, errors);
  if (target.startsWith("..") && !target.startsWith("../")) errors.invalid(path, target, "must not start with '..'");
}

export function validateFileMode(mode: number | undefined, path: FieldPath, errors: FieldErrors): void {
  if (mode !== undefined && (mode < 0 || mode > 0o777))
    errors.invalid(path, mode, "must be a number between 0 and 0777 (octal), both inclusive");
}
