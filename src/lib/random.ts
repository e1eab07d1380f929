/** Chance as a dependency, so that draws can be replayed in tests. `main/` has the real one. */
export interface Random {
  /** A number in [0, 1), uniformly distributed. */
  next(): number;
  /** A version 4 UUID (RFC 9562). */
  uuid(): string;
}

/** The alphabet from which Kubernetes draws name suffixes: no vowels, so that no words arise. */
const SUFFIX_ALPHABET = "bcdfghjklmnpqrstvwxz2456789";

/** `length` random characters that are safe at the end of a Kubernetes name. */
export function randomSuffix(random: Random, length = 5): string {
  let suffix = "";
  for (let i = 0; i < length; i++) suffix += SUFFIX_ALPHABET.charAt(Math.floor(random.next() * SUFFIX_ALPHABET.length));
  return suffix;
}
