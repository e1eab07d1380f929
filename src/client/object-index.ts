import type { KubeObject } from "../api/object.ts";

/** Finds the objects of a cache by a value that each of them has none, one or several of. Kept up to date by its Informer. */
export class ObjectIndex<T extends KubeObject> {
  readonly #valuesOf: (object: T) => readonly string[];
  readonly #objects = new Map<string, Map<string, T>>();

  constructor(valuesOf: (object: T) => readonly string[]) {
    this.#valuesOf = valuesOf;
  }

  get(value: string): readonly T[] {
    return [...(this.#objects.get(value)?.values() ?? [])];
  }

  /** The object at `key` was `previous` and is now `current`. */
  replace(key: string, previous: T | undefined, current: T | undefined): void {
    for (const value of previous ? this.#valuesOf(previous) : []) this.#remove(value, key);
    for (const value of current ? this.#valuesOf(current) : []) {
      const objects = this.#objects.get(value);
      if (objects) objects.set(key, current as T);
      else this.#objects.set(value, new Map([[key, current as T]]));
    }
  }

  #remove(value: string, key: string): void {
    const objects = this.#objects.get(value);
    objects?.delete(key);
    if (objects?.size === 0) this.#objects.delete(value);
  }
}
