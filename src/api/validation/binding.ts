import type { Binding } from "../generated/core-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";

const TARGET = FieldPath.of("target");

/** https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/binding-v1/ */
export function validateBinding({ target }: Pick<Binding, "target">, errors: FieldErrors): void {
  const { kind = "", name } = target ?? {};
  if (kind !== "" && kind !== "Node") errors.notSupported(TARGET.child("kind"), kind, ["Node", "<empty>"]);
  if (!name) errors.required(TARGET.child("name"));
}
