import type { Random } from "../../lib/random.ts";

/** Why an address cannot be had, in Kubernetes' words. */
export class PoolRefusal extends Error {}

/**
 * The addresses of Services: an IPv4 range, the first and last address of which are nobody's. Addresses that are drawn come
 * from above the first 256, so that those that people choose by hand are free.
 * https://kubernetes.io/docs/concepts/services-networking/cluster-ip-allocation/
 */
export class IpPool {
  readonly #random: Random;
  readonly #first: number;
  readonly #last: number;
  readonly #taken = new Set<number>();

  /** `cidr`: `127.64.0.0/17` */
  constructor(cidr: string, random: Random) {
    const [base = "", length = "32"] = cidr.split("/");
    const start = parseAddress(base) ?? 0;
    this.#first = start + 1;
    this.#last = start + 2 ** (32 - Number(length)) - 2;
    this.#random = random;
  }

  /** Takes this very address. Throws PoolRefusal. */
  take(address: string): void {
    const number = parseAddress(address);
    if (number === undefined || number < this.#first || number > this.#last)
      throw new PoolRefusal("the provided network does not match the current range");
    if (this.#taken.has(number)) throw new PoolRefusal("provided IP is already allocated");
    this.#taken.add(number);
  }

  /** Takes an address that is free. Throws PoolRefusal. */
  draw(): string {
    const size = this.#last - this.#first + 1;
    const reserved = Math.min(256, Math.max(16, Math.floor(size / 16)));
    const number =
      this.#freeWithin(this.#first + reserved, this.#last) ?? this.#freeWithin(this.#first, this.#first + reserved - 1);
    if (number === undefined) throw new PoolRefusal("range is full");
    this.#taken.add(number);
    return formatAddress(number);
  }

  give(address: string): void {
    const number = parseAddress(address);
    if (number !== undefined) this.#taken.delete(number);
  }

  /** The first free one behind a random place, going round. */
  #freeWithin(low: number, high: number): number | undefined {
    const size = high - low + 1;
    if (size <= 0) return undefined;
    const offset = Math.floor(this.#random.next() * size);
    for (let i = 0; i < size; i++) {
      const number = low + ((offset + i) % size);
      if (!this.#taken.has(number)) return number;
    }
    return undefined;
  }
}

function parseAddress(text: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (!match) return undefined;
  const bytes = match.slice(1).map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes.reduce((sum, byte) => sum * 256 + byte, 0) : undefined;
}

function formatAddress(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 0xff).join(".");
}
