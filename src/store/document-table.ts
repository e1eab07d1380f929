import type { KubeObject } from "../api/object.ts";
import type { StoredDocument } from "./history.ts";

/** The documents of one resource, by key and in the order of their keys. */
export class DocumentTable {
  readonly #documents = new Map<string, StoredDocument>();
  readonly #keys: string[] = [];

  get(key: string): StoredDocument | undefined {
    return this.#documents.get(key);
  }

  set(key: string, document: StoredDocument): void {
    if (!this.#documents.has(key)) this.#keys.splice(this.#position(key), 0, key);
    this.#documents.set(key, document);
  }

  delete(key: string): void {
    if (this.#documents.delete(key)) this.#keys.splice(this.#position(key), 1);
  }

  /** The documents whose key starts with `prefix`, in order. */
  list(prefix: string): KubeObject[] {
    const found: KubeObject[] = [];
    this.#each(prefix, (_key, document) => found.push(document.object));
    return found;
  }

  /** As `list`, but with the documents of `overrides` in the place of the present ones; `undefined` leaves a key out. */
  listWith(prefix: string, overrides: ReadonlyMap<string, KubeObject | undefined>): KubeObject[] {
    const found = new Map(overrides);
    this.#each(prefix, (key, document) => {
      if (!overrides.has(key)) found.set(key, document.object);
    });
    return [...found]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, object]) => object)
      .filter((object) => object !== undefined);
  }

  #each(prefix: string, visit: (key: string, document: StoredDocument) => void): void {
    for (let i = this.#position(prefix); i < this.#keys.length; i++) {
      const key = this.#keys[i];
      if (key === undefined || !key.startsWith(prefix)) return;
      const document = this.#documents.get(key);
      if (document) visit(key, document);
    }
  }

  /** The index of the first key that is not smaller than `key`. */
  #position(key: string): number {
    let low = 0;
    let high = this.#keys.length;
    // Documents are loaded in order: look at the end first.
    if (high > 0 && (this.#keys[high - 1] ?? "") < key) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#keys[middle] ?? "") < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
