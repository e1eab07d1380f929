import { byteLength } from "../../lib/byte-length.ts";
import type { Event } from "../generated/core-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";
import { type InternalType, internalForm } from "./internal-form.ts";
import { validateLabelName } from "./labels.ts";
import { subdomainProblems } from "./names.ts";
import { validateObjectMeta } from "./object-meta.ts";
import { isDeepEqual } from "./semantic-equality.ts";

/** https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ */

const MAX = { reportingInstance: 128, action: 128, reason: 128, message: 1024 } as const;

/** The newer API, which is strict. */
const STRICT = "events.k8s.io";

/** Events of the older form, or, when they have a time, of the newer; the newer API takes no others. */
export function validateEvent(event: Event, errors: FieldErrors, group: string): void {
  validateForm(event, errors, group);
  if (group === STRICT) validateStrictly(event, errors);
}

/** Through the newer API nothing changes but how often it happened. */
export function validateEventUpdate(event: Event, old: Event, errors: FieldErrors, group: string): void {
  validateForm(event, errors, group);
  if (group !== STRICT) return;
  if (!isDeepEqual(event.series, old.series)) validateSeries(event, errors);
  for (const [name, shown] of FIXED) {
    const value = event[name];
    if (!isDeepEqual(value, old[name])) errors.immutable(FieldPath.of(shown), shownValue(name, value));
  }
}

const STRUCTS: Readonly<Partial<Record<keyof Event, InternalType>>> = {
  involvedObject: "ObjectReference",
  related: "ObjectReference",
  source: "EventSource",
};
const TIMES: ReadonlySet<keyof Event> = new Set(["firstTimestamp", "lastTimestamp", "eventTime"]);

/** As Go shows it: structs with all their fields, texts and numbers that are not there as nothing. */
function shownValue(name: keyof Event, value: unknown): unknown {
  const struct = STRUCTS[name];
  if (struct !== undefined && typeof value === "object" && value !== null) return internalForm(struct, value);
  if (value !== undefined || TIMES.has(name) || name === "related") return value ?? null;
  return name === "count" ? 0 : "";
}

const FIXED = [
  ["involvedObject", "involvedObject"],
  ["reason", "reason"],
  ["message", "message"],
  ["source", "source"],
  ["firstTimestamp", "firstTimestamp"],
  ["lastTimestamp", "lastTimestamp"],
  ["count", "count"],
  // Kubernetes looks at it twice.
  ["reason", "reason"],
  ["type", "type"],
  ["eventTime", "eventTime"],
  ["action", "action"],
  ["related", "related"],
  ["reportingComponent", "reportingController"],
  ["reportingInstance", "reportingInstance"],
] as const satisfies readonly (readonly [keyof Event, string])[];

const META_RULES = { namespaced: true, name: subdomainProblems, standardFinalizers: true } as const;

function validateStrictly(event: Event, errors: FieldErrors): void {
  const { type = "", source = {} } = event;
  validateObjectMeta(event.metadata, META_RULES, errors);
  validateSeries(event, errors);
  if (!event.eventTime) errors.required(FieldPath.of("eventTime"));
  if (type !== "Normal" && type !== "Warning") errors.invalid(FieldPath.of("type"), "", `has invalid value: ${type}`);
  for (const name of ["firstTimestamp", "lastTimestamp", "count"] as const)
    if (event[name]) errors.invalid(FieldPath.of(name), "", "needs to be unset");
  if (source.component || source.host) errors.invalid(FieldPath.of("source"), "", "needs to be unset");
}

function validateSeries({ series }: Event, errors: FieldErrors): void {
  if (!series) return;
  if ((series.count ?? 0) < 2) errors.invalid(FieldPath.of("series.count"), "", "should be at least 2");
  if (!series.lastObservedTime) errors.required(FieldPath.of("series.lastObservedTime"));
}

function validateForm(event: Event, errors: FieldErrors, group: string): void {
  const { namespace = "" } = event.metadata;
  const involved = event.involvedObject.namespace ?? "";
  const isNew = Boolean(event.eventTime);
  const homes = isNew ? ["default", "kube-system"] : ["", "default"];
  const isMatch = involved === "" ? homes.includes(namespace) : isNew || involved === namespace;
  if (!isMatch) {
    const path = FieldPath.of("involvedObject").child("namespace");
    errors.invalid(path, involved, "does not match event.namespace");
  }
  if (isNew) validateNew(event, errors, group);
  errors.invalidAll(FieldPath.of("namespace"), namespace, subdomainProblems(namespace));
}

function validateNew(event: Event, errors: FieldErrors, group: string): void {
  const controller = event.reportingComponent ?? "";
  const path = FieldPath.of(group === STRICT ? "reportingController" : "reportingComponent");
  if (controller === "") errors.required(path);
  validateLabelName(controller, path, errors);
  for (const name of ["reportingInstance", "action", "reason", "message"] as const) {
    const value = event[name] ?? "";
    if (value === "" && name !== "message") errors.required(FieldPath.of(name));
    if (byteLength(value) > MAX[name])
      errors.invalid(FieldPath.of(name), "", `can have at most ${MAX[name]} characters`);
  }
}
