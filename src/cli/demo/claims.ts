/** One sentence that the demo checks, with what was measured. */
export interface Claim {
  readonly text: string;
  readonly ok: boolean;
  readonly measured: string;
}

/** Collects the claims of an act. */
export class Claims {
  readonly #all: Claim[] = [];
  readonly #onClaim: (claim: Claim) => void;

  constructor(onClaim: (claim: Claim) => void = () => undefined) {
    this.#onClaim = onClaim;
  }

  get all(): readonly Claim[] {
    return this.#all;
  }

  check(text: string, ok: boolean, measured: string): void {
    const claim = { text, ok, measured };
    this.#all.push(claim);
    this.#onClaim(claim);
  }
}

/** `12,345`: numbers as people read them. */
export function count(number: number): string {
  return number.toLocaleString("en-US");
}

/** `1.25 s`, of milliseconds. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}
