import type { Random } from "../../lib/random.ts";
import { PoolRefusal } from "./ip-pool.ts";

/** The node ports of Services. https://kubernetes.io/docs/concepts/services-networking/service/#type-nodeport */
export class PortPool {
  readonly #low: number;
  readonly #high: number;
  readonly #random: Random;
  readonly #taken = new Set<number>();

  constructor(low: number, high: number, random: Random) {
    this.#low = low;
    this.#high = high;
    this.#random = random;
  }

  /** Whether the port is one of the range. */
  contains(port: number): boolean {
    return port >= this.#low && port <= this.#high;
  }

  /** Takes this very port. Throws PoolRefusal. */
  take(port: number): void {
    if (!this.contains(port))
      throw new PoolRefusal(
        `provided port is not in the valid range. The range of valid ports is ${this.#low}-${this.#high}`,
      );
    if (this.#taken.has(port)) throw new PoolRefusal("provided port is already allocated");
    this.#taken.add(port);
  }

  /** Takes a port that is free; those at the low end, which people choose by hand, last. Throws PoolRefusal. */
  draw(): number {
    const size = this.#high - this.#low + 1;
    const reserved = Math.min(128, Math.max(16, Math.floor(size / 32)));
    const port =
      this.#freeWithin(this.#low + reserved, this.#high) ?? this.#freeWithin(this.#low, this.#low + reserved - 1);
    if (port === undefined) throw new PoolRefusal("range is full");
    this.#taken.add(port);
    return port;
  }

  give(port: number): void {
    this.#taken.delete(port);
  }

  #freeWithin(low: number, high: number): number | undefined {
    const size = high - low + 1;
    if (size <= 0) return undefined;
    const offset = Math.floor(this.#random.next() * size);
    for (let i = 0; i < size; i++) {
      const port = low + ((offset + i) % size);
      if (!this.#taken.has(port)) return port;
    }
    return undefined;
  }
}
