import { byteLength } from "../../lib/byte-length.ts";
import type { Event } from "../generated/core-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";
import { validateLabelName } from "./labels.ts";
import { subdomainProblems } from "./names.ts";

/** https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ */

const MAX = { reportingInstance: 128, action: 128, reason: 128, message: 1024 } as const;

/** Events of the core API: of the older form, or, when they have a time, of the newer. */
export function validateEvent(event: Event, errors: FieldErrors): void {
  const { namespace = "" } = event.metadata;
  const involved = event.involvedObject.namespace ?? "";
  const isNew = Boolean(event.eventTime);
  const homes = isNew ? ["default", "kube-system"] : ["", "default"];
  const isMatch = involved === "" ? homes.includes(namespace) : isNew || involved === namespace;
  if (!isMatch) {
    const path = FieldPath.of("involvedObject").child("namespace");
    errors.invalid(path, involved, "does not match event.namespace");
  }
  if (isNew) validateNew(event, errors);
  errors.invalidAll(FieldPath.of("namespace"), namespace, subdomainProblems(namespace));
}

function validateNew(event: Event, errors: FieldErrors): void {
  const controller = event.reportingComponent ?? "";
  const path = FieldPath.of("reportingComponent");
  if (controller === "") errors.required(path);
  validateLabelName(controller, path, errors);
  for (const name of ["reportingInstance", "action", "reason", "message"] as const) {
    const value = event[name] ?? "";
    if (value === "" && name !== "message") errors.required(FieldPath.of(name));
    if (byteLength(value) > MAX[name])
      errors.invalid(FieldPath.of(name), "", `can have at most ${MAX[name]} characters`);
  }
}
