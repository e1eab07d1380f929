/** Events by the chance with which their requests were drawn for the new version. */
export interface EventCount {
  readonly w: number;
  readonly new: number;
  readonly old: number;
}

export interface Interval {
  readonly low: number;
  /** Infinity when the counts set no upper end. */
  readonly high: number;
}

const LOW = 1e-3;
const HIGH = 1e4;
const POINTS = 140;

/**
 * The ratios new : old that the counts leave possible: all r whose likelihood is at least `alpha` times the mean over a
 * log-uniform grid. Valid at any moment with chance 1 - alpha, as long as the true ratio does not change.
 */
export function ratioInterval(counts: readonly EventCount[], alpha = 0.05): Interval {
  const grid = Array.from({ length: POINTS }, (_, i) => LOW * (HIGH / LOW) ** (i / (POINTS - 1)));
  const logs = grid.map((r) => logLikelihood(counts, r));
  const largest = Math.max(...logs);
  const mean = largest + Math.log(logs.reduce((sum, x) => sum + Math.exp(x - largest), 0) / POINTS);
  const kept = grid.filter((_, i) => (logs[i] ?? -Infinity) >= Math.log(alpha) + mean);
  const low = kept[0] ?? LOW;
  const high = kept.at(-1) ?? HIGH;
  return { low: low > LOW ? low : 0, high: high < HIGH ? high : Infinity };
}

function logLikelihood(counts: readonly EventCount[], r: number): number {
  let sum = 0;
  for (const { w, new: fresh, old } of counts) sum += fresh * Math.log(r) - (fresh + old) * Math.log1p(w * (r - 1));
  return sum;
}
