import { logBeta } from "./log-gamma.ts";

const STEPS = 60;

/**
 * An upper bound for the share of bad requests that holds at every moment with chance 1 - alpha, however often one looks
 * (mixture over Beta(1/2, 1/2)). With nothing bad it is about (ln(1/alpha) + ln(pi n)/2) / n: 1,000 clean requests rule
 * out more than 0.70 %.
 */
export function upperRate(requests: number, bad: number, alpha = 0.05): number {
  if (requests === 0 || bad >= requests) return 1;
  const mixture = logBeta(bad + 0.5, requests - bad + 0.5) - logBeta(0.5, 0.5);
  const enough = Math.log(1 / alpha);
  let low = bad / requests;
  let high = 1;
  for (let i = 0; i < STEPS; i++) {
    const p = (low + high) / 2;
    if (p <= 0 || p >= 1) break;
    if (mixture - bad * Math.log(p) - (requests - bad) * Math.log1p(-p) >= enough) high = p;
    else low = p;
  }
  return high;
}

const MOST_REQUESTS = 1e12;

/**
 * How many requests it takes until `upperRate` is at most `bound`, if `bad` of them are bad; Infinity when it never is.
 * Used to tell people how long they will wait.
 */
export function requestsToRuleOut(bound: number, bad: number, alpha = 0.05): number {
  if (bound >= 1) return 0;
  if (bound <= 0) return Infinity;
  let enough = Math.max(16, 2 * bad);
  while (upperRate(enough, bad, alpha) > bound) {
    enough *= 2;
    if (enough > MOST_REQUESTS) return Infinity;
  }
  let tooFew = 0;
  while (enough - tooFew > 1) {
    const middle = Math.floor((enough + tooFew) / 2);
    if (upperRate(middle, bad, alpha) > bound) tooFew = middle;
    else enough = middle;
  }
  return enough;
}
