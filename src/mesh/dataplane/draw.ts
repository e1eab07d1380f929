import type { Random } from "../../lib/random.ts";

/** Something that gets a share of the requests. */
export interface Weighted {
  readonly weight: number;
}

/**
 * One of several by chance, in proportion to the weights: a fresh random draw for each request, never a rotation, because the
 * statistics of a release rest on it. No weight at all: none.
 */
export class Draw<T extends Weighted> {
  readonly #shares: readonly T[];
  readonly #total: number;

  constructor(shares: readonly T[]) {
    this.#shares = shares.filter((share) => share.weight > 0);
    this.#total = this.#shares.reduce((sum, share) => sum + share.weight, 0);
  }

  next(random: Random): T | undefined {
    const shares = this.#shares;
    if (shares.length < 2) return shares[0];
    let rest = random.next() * this.#total;
    for (const share of shares) {
      rest -= share.weight;
      if (rest < 0) return share;
    }
    return shares.at(-1);
  }
}
