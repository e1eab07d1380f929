/** FNV-1a, 32 bits: where the search for addresses and ports of a home begins, so that a home gets the same ones again. */
export function pathHash(path: string): number {
  let hash = 2_166_136_261;
  for (const char of path) hash = Math.imul(hash ^ char.charCodeAt(0), 16_777_619) >>> 0;
  return hash;
}
