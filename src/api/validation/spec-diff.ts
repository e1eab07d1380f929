import { goIndentedJson } from "./field-errors.ts";
import { type InternalType, internalForm } from "./internal-form.ts";
import { unifiedDiff } from "./unified-diff.ts";

/** What changed between two objects, as errors about fields that must not change show it. */
export function specDiff(type: InternalType, before: object, after: object): string {
  const lines = (value: object): string[] => goIndentedJson(internalForm(type, value)).split("\n");
  return unifiedDiff(lines(before), lines(after));
}
