import { comparePathElements, formatPathElement, type PathElement } from "./path-element.ts";

export type Path = readonly PathElement[];

/**
 * A set of fields, as a tree: members are fields of this level that belong to the set; children are fields of this level
 * (members or not) below which something belongs to it. A set is built with `add`, and from then on never changed; the
 * operations share what they can.
 */
export class FieldSet {
  readonly members: Map<string, PathElement>;
  readonly children: Map<string, FieldSetChild>;

  constructor(members: Map<string, PathElement> = new Map(), children: Map<string, FieldSetChild> = new Map()) {
    this.members = members;
    this.children = children;
  }

  /** The set of these fields, each given by the names on its way: `["metadata", "labels"]`. */
  static of(...paths: readonly (readonly PathElement[])[]): FieldSet {
    const set = new FieldSet();
    for (const path of paths) set.add(path);
    return set;
  }

  /** Adds one field, not those above it. The empty path, the object as a whole, is never a member. */
  add(path: Path, from = 0): void {
    const element = path[from];
    if (!element) return;
    if (from === path.length - 1) this.members.set(element.id, element);
    else this.#descend(element).add(path, from + 1);
  }

  #descend(element: PathElement): FieldSet {
    const child = this.children.get(element.id);
    if (child) return child.set;
    const set = new FieldSet();
    this.children.set(element.id, { element, set });
    return set;
  }

  has(path: Path, from = 0): boolean {
    const element = path[from];
    if (!element) return false;
    if (from === path.length - 1) return this.members.has(element.id);
    return this.children.get(element.id)?.set.has(path, from + 1) ?? false;
  }

  /** What is below the field. */
  below(element: PathElement): FieldSet {
    return this.children.get(element.id)?.set ?? EMPTY;
  }

  get isEmpty(): boolean {
    if (this.members.size > 0) return false;
    for (const { set } of this.children.values()) if (!set.isEmpty) return false;
    return true;
  }

  union(other: FieldSet): FieldSet {
    if (other.isEmpty) return this;
    const children = new Map(this.children);
    for (const [id, { element, set }] of other.children) {
      const own = children.get(id);
      children.set(id, { element, set: own ? own.set.union(set) : set });
    }
    return new FieldSet(new Map([...this.members, ...other.members]), children);
  }

  intersection(other: FieldSet): FieldSet {
    const children = new Map<string, FieldSetChild>();
    for (const [id, { element, set }] of this.children) {
      const common = set.intersection(other.children.get(id)?.set ?? EMPTY);
      if (!common.isEmpty) children.set(id, { element, set: common });
    }
    return new FieldSet(new Map([...this.members].filter(([id]) => other.members.has(id))), children);
  }

  /** The fields that are not in `other`. What is below a field of `other` stays. */
  difference(other: FieldSet): FieldSet {
    return this.#without(other, false);
  }

  /** The fields that are neither in `other` nor below a field of it. */
  differenceWithBelow(other: FieldSet): FieldSet {
    return this.#without(other, true);
  }

  #without(other: FieldSet, below: boolean): FieldSet {
    if (other.isEmpty) return this;
    const children = new Map<string, FieldSetChild>();
    for (const [id, child] of this.children) {
      if (below && other.members.has(id)) continue;
      const others = other.children.get(id);
      const rest = others ? child.set.#without(others.set, below) : child.set;
      if (!rest.isEmpty) children.set(id, { element: child.element, set: rest });
    }
    return new FieldSet(new Map([...this.members].filter(([id]) => !other.members.has(id))), children);
  }

  /** All fields: those of a level in their order, then what is below them. */
  *paths(prefix: Path = []): Generator<Path> {
    for (const element of sorted(this.members.values())) yield [...prefix, element];
    const children = [...this.children.values()].sort((a, b) => comparePathElements(a.element, b.element));
    for (const { element, set } of children) yield* set.paths([...prefix, element]);
  }
}

export interface FieldSetChild {
  readonly element: PathElement;
  readonly set: FieldSet;
}

const EMPTY: FieldSet = new FieldSet();

export function sorted(elements: Iterable<PathElement>): PathElement[] {
  return [...elements].sort(comparePathElements);
}

/** The path as error texts show it: `.spec.template.spec.containers[name="web"].image`. */
export function formatPath(path: Path): string {
  return path.map(formatPathElement).join("");
}
