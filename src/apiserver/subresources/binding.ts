import type { Binding, Pod } from "../../api/generated/core-v1.ts";
import type { KubeObject } from "../../api/object.ts";
import { StatusError } from "../../api/status-error.ts";
import { validateBinding } from "../../api/validation/binding.ts";
import { FieldErrors } from "../../api/validation/field-errors.ts";
import { formatTimestamp } from "../../lib/timestamp.ts";

/**
 * The pod as bound at time `now` (milliseconds). Throws Conflict when it is bound already.
 * https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/binding-v1/
 */
export function bound(object: KubeObject, binding: Binding, now: number): KubeObject {
  const pod = object as Pod & KubeObject;
  checkBinding(binding);
  const { name } = pod.metadata;
  if (pod.metadata.deletionTimestamp !== undefined)
    throw refused(name, `pod ${name} is being deleted, cannot be assigned to a host`);
  if (pod.spec?.nodeName)
    throw refused(name, `pod ${name} is already assigned to node ${JSON.stringify(pod.spec.nodeName)}`);
  const { annotations } = binding.metadata;
  const metadata = annotations
    ? { ...pod.metadata, annotations: { ...pod.metadata.annotations, ...annotations } }
    : pod.metadata;
  const conditions = (pod.status?.conditions ?? []).filter((condition) => condition.type !== "PodScheduled");
  const scheduled = {
    type: "PodScheduled",
    status: "True",
    lastProbeTime: null,
    lastTransitionTime: formatTimestamp(now),
  };
  return {
    ...pod,
    metadata,
    spec: { ...pod.spec, nodeName: binding.target.name },
    status: { ...pod.status, conditions: [...conditions, scheduled] },
  } as KubeObject;
}

function checkBinding(binding: Binding): void {
  const errors = new FieldErrors();
  validateBinding(binding, errors);
  if (errors.none) return;
  const texts = errors.list.map(({ field, body }) => `${field}: ${body}`);
  // Kubernetes gives them as an error of its own program, not as one of validation.
  throw new StatusError("", texts.length === 1 ? String(texts[0]) : `[${texts.join(", ")}]`);
}

function refused(name: string, why: string): StatusError {
  const message = `Operation cannot be fulfilled on pods/binding ${JSON.stringify(name)}: ${why}`;
  return new StatusError("Conflict", message, { name, kind: "pods/binding" });
}
