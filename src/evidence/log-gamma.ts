/** Bernoulli numbers over 2k (2k - 1), the coefficients of Stirling's series (DLMF 5.11.1). */
const STIRLING = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156];
/** From here on seven terms are exact to the last bit of a double. */
const ENOUGH = 15;

/** The natural logarithm of the gamma function for x > 0, to about 1e-15 of its size. */
export function logGamma(x: number): number {
  let shift = 0;
  let z = x;
  for (; z < ENOUGH; z++) shift += Math.log(z);
  const inverse = 1 / z;
  let series = 0;
  for (let k = STIRLING.length - 1; k >= 0; k--) series = series * inverse * inverse + (STIRLING[k] ?? 0);
  return (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + series * inverse - shift;
}

/** The natural logarithm of the beta function B(a, b). */
export function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}
