import type { Container, PodSpec } from "../generated/core-v1.ts";
import type { FieldPath } from "./field-path.ts";

export interface PlacedContainer {
  readonly container: Container;
  readonly path: FieldPath;
}

/** All containers of a pod: first those that run before the others, last those that were added to look into it. */
export function* containersOf(spec: PodSpec, path: FieldPath): Generator<PlacedContainer, void, undefined> {
  for (const name of ["initContainers", "containers", "ephemeralContainers"] as const) {
    for (const [i, container] of (spec[name] ?? []).entries()) yield { container, path: path.child(name).index(i) };
  }
}
