import { apiVersionOf, qualifiedName, type Resource } from "../../api/resource.ts";
import { type StatusDetails, StatusError } from "../../api/status-error.ts";

/** The failures of the registry, in Kubernetes' words. */

type Named = Pick<Resource, "group" | "plural">;

export function notFound(resource: Named, name: string): StatusError {
  return new StatusError("NotFound", `${subject(resource, name)} not found`, details(resource, name));
}

export function alreadyExists(resource: Named, name: string): StatusError {
  return new StatusError("AlreadyExists", `${subject(resource, name)} already exists`, details(resource, name));
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

/** A wrong parameter: `kind` is the options type that it belongs to, of group meta.k8s.io. */
export function invalidOptions(kind: string, problems: readonly FieldProblem[]): StatusError {
  return invalid({ group: "meta.k8s.io", kind }, "", problems);
}

/** One wrong field; `reason` is Kubernetes' `FieldValue…`. */
export interface FieldProblem {
  readonly field: string;
  readonly reason: string;
  readonly message: string;
}

/** 422 with the causes given. */
export function invalid(
  of: { readonly group: string; readonly kind: string },
  name: string,
  problems: readonly FieldProblem[],
): StatusError {
  const texts = problems.map(({ field, message }) => `${field}: ${message}`);
  const unique = [...new Set(texts)];
  const text = unique.length === 1 ? unique[0] : `[${unique.join(", ")}]`;
  const kind = of.group === "" ? of.kind : `${of.kind}.${of.group}`;
  return new StatusError("Invalid", `${kind} ${JSON.stringify(name)} is invalid: ${text}`, {
    ...(name !== "" && { name }),
    ...(of.group !== "" && { group: of.group }),
    ...(of.kind !== "" && { kind: of.kind }),
    causes: problems.map(({ reason, message, field }) => ({ reason, message, field })),
  });
}

/** `apps/v1, Kind=Deployment` */
export function goKind(resource: Pick<Resource, "group" | "version" | "kind">): string {
  return `${apiVersionOf(resource)}, Kind=${resource.kind}`;
}

function subject(resource: Named, name: string): string {
  return `${qualifiedName(resource)} ${JSON.stringify(name)}`;
}

function details({ group, plural }: Named, name: string): StatusDetails {
  return { name, ...(group !== "" && { group }), kind: plural };
}
