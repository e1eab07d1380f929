import { quoteGo } from "../../lib/go-format.ts";

/**
 * A list of a job's indexes, in ascending order and with ranges (`1,3-5,7`).
 * @param completions how many indexes there are
 * @returns how many are listed, or what is wrong with the list
 */
export function validateIndexes(
  text: string,
  completions: number,
): { readonly total: number; readonly problem?: string } {
  let total = 0;
  let last = -1;
  for (const part of text === "" ? [] : text.split(",")) {
    const range = readRange(part, completions);
    if (typeof range === "string") return { total: 0, problem: range };
    const [from, to] = range;
    if (total > 0 && last >= from)
      return { total: 0, problem: `non-increasing order, previous: ${last}, current: ${from}` };
    total += to - from + 1;
    last = to;
  }
  return { total };
}

function readRange(text: string, completions: number): readonly [from: number, to: number] | string {
  const limits = text.split("-");
  if (limits.length > 2) {
    const rule = "violates the requirement that an index interval can have at most two parts separated by '-'";
    return `the fragment ${quoteGo(text)} ${rule}`;
  }
  for (const limit of limits) {
    if (!/^[+-]?[0-9]+$/.test(limit)) return `cannot convert string to integer for index: ${quoteGo(limit)}`;
    if (Number(limit) >= completions) return `too large index: ${quoteGo(limit)}`;
  }
  const [from = 0, to = from] = limits.map(Number);
  if (limits.length === 2 && from >= to) return `non-increasing order, previous: ${from}, current: ${to}`;
  return [from, to];
}
