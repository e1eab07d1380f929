import type { KubeObject } from "../../api/object.ts";
import type { StatusError } from "../../api/status-error.ts";
import type { ResourceInfo } from "../../api/table/type-table.ts";
import { forbidden } from "../auth/authorizer.ts";
import type { User } from "../auth/user.ts";

/** A write that asks to be let in. */
export interface AdmissionRequest {
  readonly operation: "create" | "update";
  /** In the version that is stored. */
  readonly info: ResourceInfo;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly user: User;
  readonly dryRun: boolean;
  readonly objects: AdmissionView;
  readonly warn: (text: string) => void;
  /** Validates an object as if it were the one to be stored; throws Invalid. */
  readonly validate: (object: KubeObject) => void;
}

/** What there is, as far as it is durable. */
export interface AdmissionView {
  /** `resource` is `group/plural`. */
  get(resource: string, name: string, namespace?: string): KubeObject | undefined;
  list(resource: string, namespace?: string): readonly KubeObject[];
}

/**
 * One rule of admission. `admit` returns the object to go on with, changed or not, or throws a StatusError (as a rule
 * Forbidden). It runs within the write, so it must be fast and must not wait.
 * https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/
 */
export interface Admitter {
  readonly name: string;
  /** `group/plural` of what the rule is about; absent: of everything. */
  readonly resources?: ReadonlySet<string>;
  admit(old: KubeObject | undefined, object: KubeObject, request: AdmissionRequest): KubeObject;
}

/** Runs the rules in order, each on what the one before returned. */
export function admit(
  admitters: readonly Admitter[],
  old: KubeObject | undefined,
  object: KubeObject,
  request: AdmissionRequest,
): KubeObject {
  const resource = `${request.info.group}/${request.info.plural}`;
  let admitted = object;
  for (const admitter of admitters) {
    if (admitter.resources && !admitter.resources.has(resource)) continue;
    admitted = admitter.admit(old, admitted, request);
  }
  return admitted;
}

/** The refusal of an object, which may not have its name yet; Kubernetes calls one that will never have any `Unknown`. */
export function refusal(object: KubeObject, { info }: AdmissionRequest, why: string): StatusError {
  const name = object.metadata.name || object.metadata.generateName || "Unknown";
  return forbidden({ group: info.group, resource: info.plural, name }, why);
}
