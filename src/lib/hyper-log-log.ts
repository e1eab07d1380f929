/** 2^11 registers: the estimate is off by 2.3 % (1.04 / √2048) in one case of three or less. */
const PRECISION = 11;
const REGISTERS = 2 ** PRECISION;
/** Bias correction for this many registers (Flajolet et al. 2007). */
const ALPHA = 0.7213 / (1 + 1.079 / REGISTERS);

/**
 * Estimates how many different things were seen, in 2 KiB however many there were; the sketches of several observers can be
 * put together. Flajolet, Fusy, Gandouet, Meunier: HyperLogLog (2007), with linear counting for small numbers.
 */
export class HyperLogLog {
  readonly #registers: Uint8Array;

  constructor(registers: Uint8Array = new Uint8Array(REGISTERS)) {
    this.#registers = registers;
  }

  /** The sketch that `encode` wrote; undefined when the text is none. */
  static decode(text: string): HyperLogLog | undefined {
    let bytes: string;
    try {
      bytes = atob(text);
    } catch {
      return undefined;
    }
    return bytes.length === REGISTERS ? new HyperLogLog(Uint8Array.from(bytes, (c) => c.charCodeAt(0))) : undefined;
  }

  encode(): string {
    let bytes = "";
    for (const register of this.#registers) bytes += String.fromCharCode(register);
    return btoa(bytes);
  }

  /** Adds a thing by 64 well mixed bits of it, as two 32-bit halves. True when that changed the sketch. */
  add(high: number, low: number): boolean {
    const place = high >>> (32 - PRECISION);
    // The bits after those that choose the register: 21 of the high half, then 32 of the low half.
    const rest = (high << PRECISION) >>> 0;
    const zeros = rest === 0 ? 32 - PRECISION + Math.clz32(low) : Math.clz32(rest);
    const rank = zeros + 1;
    if (rank <= (this.#registers[place] as number)) return false;
    this.#registers[place] = rank;
    return true;
  }

  /** Takes over what another sketch has seen. */
  merge(other: HyperLogLog): void {
    for (let i = 0; i < REGISTERS; i++)
      this.#registers[i] = Math.max(this.#registers[i] as number, other.#registers[i] as number);
  }

  /** About how many different things were added. */
  count(): number {
    let sum = 0;
    let empty = 0;
    for (const register of this.#registers) {
      sum += 2 ** -register;
      if (register === 0) empty++;
    }
    const estimate = (ALPHA * REGISTERS * REGISTERS) / sum;
    const small = estimate <= 2.5 * REGISTERS && empty > 0;
    return Math.round(small ? REGISTERS * Math.log(REGISTERS / empty) : estimate);
  }
}
