import type { KubeObject } from "../../api/object.ts";
import { qualifiedName, type Resource } from "../../api/resource.ts";
import { type StatusDetails, StatusError } from "../../api/status-error.ts";
import { FieldErrors, invalidError } from "../../api/validation/field-errors.ts";
import { FieldPath } from "../../api/validation/field-path.ts";

/** The failures of the registry, in Kubernetes' words. */

type Named = Pick<Resource, "group" | "plural">;

export function notFound(resource: Named, name: string): StatusError {
  return new StatusError("NotFound", `${subject(resource, name)} not found`, details(resource, name));
}

export function alreadyExists(resource: Named, { name, deletionTimestamp }: KubeObject["metadata"]): StatusError {
  const goes = deletionTimestamp === undefined ? "" : "object is being deleted: ";
  return new StatusError("AlreadyExists", `${goes}${subject(resource, name)} already exists`, details(resource, name));
}

export function conflict(resource: Named, name: string, why: string): StatusError {
  const message = `Operation cannot be fulfilled on ${subject(resource, name)}: ${why}`;
  return new StatusError("Conflict", message, details(resource, name));
}

export function modified(resource: Named, name: string): StatusError {
  const why = "the object has been modified; please apply your changes to the latest version and try again";
  return conflict(resource, name, why);
}

/** The path names nothing that is served. */
export function noSuchPath(): StatusError {
  return new StatusError("NotFound", "the server could not find the requested resource", {});
}

export function methodNotAllowed(): StatusError {
  return new StatusError("MethodNotAllowed", "the server does not allow this method on the requested resource", {});
}

interface Kind {
  readonly group: string;
  readonly kind: string;
}

/** Throws Invalid when something is wrong with the options of a request; `kind`: their type, of group meta.k8s.io. */
export function checkOptions(kind: string, errors: FieldErrors): void {
  checkFields({ group: "meta.k8s.io", kind }, "", errors);
}

/** Throws Invalid when there are errors. */
export function checkFields(of: Kind, name: string, errors: FieldErrors): void {
  if (!errors.none) throw invalidError(of, name, errors.list);
}

/** The refusal of an object for one value in it. */
export function invalidField(of: Kind, name: string, field: string, value: unknown, why: string): StatusError {
  const errors = new FieldErrors();
  errors.invalid(FieldPath.of(field), value, why);
  return invalidError(of, name, errors.list);
}

function subject(resource: Named, name: string): string {
  return `${qualifiedName(resource)} ${JSON.stringify(name)}`;
}

function details({ group, plural }: Named, name: string): StatusDetails {
  return { name, ...(group !== "" && { group }), kind: plural };
}
