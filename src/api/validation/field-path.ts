/** The place of a field in an object, printed as `spec.containers[0].env[1].name`. Printed only when there is an error. */
export class FieldPath {
  readonly #parent: FieldPath | undefined;
  readonly #step: string;

  private constructor(parent: FieldPath | undefined, step: string) {
    this.#parent = parent;
    this.#step = step;
  }

  static of(name: string): FieldPath {
    return new FieldPath(undefined, name);
  }

  child(name: string): FieldPath {
    return new FieldPath(this, `.${name}`);
  }

  index(index: number): FieldPath {
    return new FieldPath(this, `[${index}]`);
  }

  /** A member of a map. */
  key(key: string): FieldPath {
    return new FieldPath(this, `[${key}]`);
  }

  toString(): string {
    return this.#parent ? `${this.#parent.toString()}${this.#step}` : this.#step;
  }
}
