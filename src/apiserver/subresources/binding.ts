import type { Pod } from "../../api/generated/core-v1.ts";
import type { KubeObject } from "../../api/object.ts";
import { StatusError } from "../../api/status-error.ts";
import { formatTimestamp } from "../../lib/timestamp.ts";

/** `v1` Binding: which node a pod is to run on. https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/binding-v1/ */
export interface Binding {
  readonly metadata: { readonly name?: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly target: { readonly kind?: string; readonly name?: string };
}

/** The pod as bound at time `now` (milliseconds). Throws Conflict when it is bound already. */
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
    ...(pod.metadata.generation && { observedGeneration: pod.metadata.generation }),
  };
  return {
    ...pod,
    metadata,
    spec: { ...pod.spec, nodeName: binding.target.name },
    status: { ...pod.status, conditions: [...conditions, scheduled] },
  } as KubeObject;
}

function checkBinding({ target }: Binding): void {
  const { kind = "", name = "" } = target ?? {};
  const problems: string[] = [];
  if (kind !== "" && kind !== "Node")
    problems.push(`target.kind: Unsupported value: ${JSON.stringify(kind)}: supported values: "Node", "<empty>"`);
  if (name === "") problems.push("target.name: Required value");
  if (problems.length > 0)
    throw new StatusError("", problems.length === 1 ? String(problems[0]) : `[${problems.join(", ")}]`);
}

function refused(name: string, why: string): StatusError {
  const message = `Operation cannot be fulfilled on pods/binding ${JSON.stringify(name)}: ${why}`;
  return new StatusError("Conflict", message, { name, kind: "pods/binding" });
}
