import type { JsonObject, MutableJsonObject } from "../../lib/json.ts";
import { formatQuantity, parseQuantity, scaledValue } from "../../lib/quantity.ts";

const MILLI = -3;

/** Resources have no finer grain than a thousandth: `0.1m`, which is printed as `100u`, becomes `1m`. */
export function roundResourceList(resources: JsonObject): JsonObject {
  if (!Object.values(resources).some(isFine)) return resources;
  const rounded: MutableJsonObject = {};
  for (const [name, value] of Object.entries(resources)) {
    rounded[name] = isFine(value) ? roundToMilli(value) : value;
  }
  return rounded;
}

/** Whether a canonical quantity has parts below a thousandth. */
function isFine(value: unknown): value is string {
  return typeof value === "string" && /[nu]$|e-[69]$/.test(value);
}

function roundToMilli(text: string): string {
  const quantity = parseQuantity(text);
  return formatQuantity({ unscaled: scaledValue(quantity, MILLI), exponent: MILLI, format: quantity.format });
}

/** The resources with those of `others` that it does not name. */
export function withMissing(resources: JsonObject, others: JsonObject): JsonObject {
  return { ...others, ...resources };
}
