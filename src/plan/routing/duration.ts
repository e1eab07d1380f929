const UNITS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/**
 * Milliseconds of a Gateway API duration (GEP-2257: `1h30m`, `500ms`), undefined when it is none. `1m30s` is 90000.
 */
export function parseDuration(text: string): number | undefined {
  if (!/^([0-9]{1,5}(h|m|s|ms)){1,4}$/.test(text)) return undefined;
  let total = 0;
  for (const [, digits = "", unit = ""] of text.matchAll(/([0-9]+)(h|ms|m|s)/g))
    total += Number(digits) * (UNITS[unit] ?? 0);
  return total;
}
