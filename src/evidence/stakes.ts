/**
 * Money on a table: the state of a bet against "the new version is no worse". Each outcome multiplies each bet by a factor
 * whose mean is at most 1 when that is true, so by Ville's inequality the total reaches 1/alpha with chance at most alpha,
 * however often one looks. Plain JSON: it is written into the Release's status and resumed after a restart.
 */
export interface Stakes {
  /** One bet per alternative, in the order of the test's grid. */
  readonly bets: readonly number[];
  /** Not yet bet; keeps its value until a later slot takes from it. */
  readonly reserve: number;
}

/** How a total stake of 1 is laid: over the alternatives and over time. */
export interface Laying {
  /** Share of each alternative; adds up to 1. */
  readonly prior: readonly number[];
  /** Bet from the first second. */
  readonly start: number;
  /** Bet at the start of each later slot until nothing is left, so that a version that turns bad late is found too. */
  readonly slotStake: number;
}

/** Bets stop here: more would overflow, and nobody doubts at 1e250. */
const LARGEST = 1e250;
const LARGEST_EXPONENT = 600;

/** Lays `start` evenly over `alternatives` and the rest in equal parts over `slots` later slots. */
export function layEvenly(alternatives: number, start = 0.5, slots = 60): Laying {
  return {
    prior: Array.from({ length: alternatives }, () => 1 / alternatives),
    start,
    slotStake: slots > 0 ? (1 - start) / slots : 0,
  };
}

export function openingStakes(laying: Laying): Stakes {
  return { bets: laying.prior.map((share) => laying.start * share), reserve: 1 - laying.start };
}

/** Opens one slot: call it before the outcomes of that slot are added. */
export function openSlot(laying: Laying, stakes: Stakes): Stakes {
  const staked = Math.min(laying.slotStake, stakes.reserve);
  if (staked === 0) return stakes;
  return {
    bets: stakes.bets.map((bet, j) => bet + staked * (laying.prior[j] ?? 0)),
    reserve: stakes.reserve - staked,
  };
}

/** Opens `count` slots. */
export function openSlots(laying: Laying, stakes: Stakes, count: number): Stakes {
  let opened = stakes;
  for (let i = 0; i < count; i++) {
    const next = openSlot(laying, opened);
    if (next === opened) return opened;
    opened = next;
  }
  return opened;
}

/** Multiplies bet j by exp(logFactor(j)). */
export function settle(stakes: Stakes, logFactor: (j: number) => number): Stakes {
  return {
    bets: stakes.bets.map((bet, j) => Math.min(bet * Math.exp(Math.min(logFactor(j), LARGEST_EXPONENT)), LARGEST)),
    reserve: stakes.reserve,
  };
}

/** The evidence E: what became of a stake of 1. 100 reads "1:100". */
export function valueOf(stakes: Stakes): number {
  let sum = 0;
  for (const bet of stakes.bets) sum += bet;
  return sum + stakes.reserve;
}
