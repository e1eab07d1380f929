import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { AppError } from "../../lib/app-error.ts";

interface Kept {
  /** Number of the address given last. */
  readonly cursor: number;
  /** Addresses in use, by pod uid. */
  readonly addresses: Readonly<Record<string, string>>;
}

/** 127.S.128.1 … 127.S.255.254: 128 blocks of 254. */
const BLOCKS = 128;
const BLOCK = 254;
const COUNT = BLOCKS * BLOCK;

/**
 * The addresses of pods, out of the upper half of the engine's slice, kept on disk. They are given in turn, so that one
 * is used again only after all others: somebody may still have a connection to its last user.
 */
export class PodAddresses {
  readonly #path: string;
  readonly #slice: number;
  #cursor: number;
  readonly #addresses: Map<string, string>;

  /** `slice`: S of 127.S.0.0/16. */
  constructor(path: string, slice: number) {
    this.#path = path;
    this.#slice = slice;
    const { cursor, addresses } = read(path);
    this.#cursor = cursor;
    this.#addresses = new Map(Object.entries(addresses).filter(([, address]) => address.startsWith(`127.${slice}.`)));
  }

  get(uid: string): string | undefined {
    return this.#addresses.get(uid);
  }

  /** The pod's address; a new one when it has none. */
  allocate(uid: string): string {
    const known = this.#addresses.get(uid);
    if (known !== undefined) return known;
    const used = new Set(this.#addresses.values());
    for (let tried = 0; tried < COUNT; tried++) {
      this.#cursor = (this.#cursor + 1) % COUNT;
      const address = `127.${this.#slice}.${128 + Math.floor(this.#cursor / BLOCK)}.${1 + (this.#cursor % BLOCK)}`;
      if (used.has(address)) continue;
      this.#addresses.set(uid, address);
      this.#save();
      return address;
    }
    throw new AppError("PodAddressesExhausted", "all pod addresses are in use");
  }

  /**
   * The pod has the address already; nothing happens when it has another, or somebody else has this one, or it is none
   * of ours.
   */
  claim(uid: string, address: string): void {
    const isTaken = this.#addresses.has(uid) || [...this.#addresses.values()].includes(address);
    if (isTaken || !address.startsWith(`127.${this.#slice}.`)) return;
    this.#addresses.set(uid, address);
    this.#save();
  }

  release(uid: string): void {
    if (this.#addresses.delete(uid)) this.#save();
  }

  #save(): void {
    const kept: Kept = { cursor: this.#cursor, addresses: Object.fromEntries(this.#addresses) };
    mkdirSync(dirname(this.#path), { recursive: true });
    writeFileSync(`${this.#path}.new`, JSON.stringify(kept));
    renameSync(`${this.#path}.new`, this.#path);
  }
}

function read(path: string): Kept {
  try {
    const kept = JSON.parse(readFileSync(path, "utf8")) as Partial<Kept>;
    return { cursor: kept.cursor ?? -1, addresses: kept.addresses ?? {} };
  } catch {
    return { cursor: -1, addresses: {} };
  }
}
