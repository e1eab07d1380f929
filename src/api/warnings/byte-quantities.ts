import { formatQuantity, parseQuantity, scaledValue } from "../../lib/quantity.ts";
import type { FieldPath } from "../validation/field-path.ts";
import type { Warnings } from "./warnings.ts";

/** Warns when a number of bytes is not whole. `1500m` is a common mistake for `1500Mi`. */
export function warnOfFraction(
  quantities: Readonly<Record<string, string>> | undefined,
  name: string,
  path: FieldPath,
  warnings: Warnings,
): void {
  const text = quantities?.[name];
  if (text === undefined) return;
  const quantity = parseQuantity(text);
  if (scaledValue(quantity, -3) % 1000n === 0n) return;
  const shown = JSON.stringify(formatQuantity(quantity));
  warnings.at(path.key(name), `fractional byte value ${shown} is invalid, must be an integer`);
}
