import { grouped } from "../lib/number-text.ts";

/** Above this the odds are beyond what a person can weigh. */
const BEYOND = 1e6;

/**
 * Evidence as odds for people: 57.4 reads `1:57`, 926.6 reads `1:930`. If both versions were equal, evidence as strong as
 * 1:57 would come up at any moment in at most 1 of 57 releases. Below 1:2 it is none.
 */
export function odds(evidence: number): string {
  if (evidence < 2) return "none";
  if (evidence >= BEYOND) return "beyond 1:1,000,000";
  return `1:${grouped(twoDigits(evidence))}`;
}

/** Rounded to two significant digits and to a whole number, halves to the even neighbour. */
function twoDigits(value: number): number {
  const unit = 10 ** Math.max(-1, Math.floor(Math.log10(value)) - 1);
  return roundHalfEven(roundHalfEven(value / unit) * unit);
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
