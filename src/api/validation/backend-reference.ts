import type { FieldErrors } from "./field-errors.ts";
import type { FieldPath } from "./field-path.ts";

export interface BackendReference {
  readonly group?: string;
  readonly kind?: string;
  readonly port?: number;
}

/** https://gateway-api.sigs.k8s.io/reference/spec/#backendobjectreference */
export function validateBackend({ group, kind, port }: BackendReference, path: FieldPath, errors: FieldErrors): void {
  if (!group && kind === "Service" && port === undefined)
    errors.invalidPart(path, "Must have port for Service reference");
}
