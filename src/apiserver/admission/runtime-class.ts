import type { Pod, PodSpec, Toleration } from "../../api/generated/core-v1.ts";
import type { RuntimeClass } from "../../api/generated/node-v1.ts";
import type { KubeObject } from "../../api/object.ts";
import { isDeepEqual } from "../../api/validation/semantic-equality.ts";
import { type Admitter, type AdmissionRequest, refusal } from "./admitter.ts";

/**
 * Gives a pod what its runtime class costs and where that runs.
 * https://kubernetes.io/docs/concepts/containers/runtime-class/
 */
export const runtimeClass: Admitter = {
  name: "RuntimeClass",
  resources: new Set(["/pods"]),
  admit(_old, object, request) {
    const pod = object as Pod & KubeObject;
    if (request.operation !== "create" || request.subresource !== undefined || !pod.spec) return object;
    const found = classOf(pod, request);
    const overhead = overheadOf(pod, found, request);
    const admitted: Pod & KubeObject = {
      ...pod,
      spec: { ...pod.spec, ...(overhead && { overhead }), ...(found && placementOf(pod, found, request)) },
    };
    return found ? admitted : object;
  },
};

function classOf(pod: Pod & KubeObject, request: AdmissionRequest): RuntimeClass | undefined {
  const name = pod.spec.runtimeClassName;
  if (name === undefined) return undefined;
  const found = request.objects.get("node.k8s.io/runtimeclasses", name) as RuntimeClass | undefined;
  if (!found) throw refusal(pod, request, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`);
  return found;
}

function overheadOf(
  pod: Pod & KubeObject,
  found: RuntimeClass | undefined,
  request: AdmissionRequest,
): PodSpec["overhead"] {
  const given = pod.spec.overhead;
  const defined = found?.overhead;
  if (!defined) {
    if (!given) return undefined;
    // What is wrong with the pod itself is told first.
    request.validate(pod);
    throw refusal(pod, request, "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead");
  }
  if (given && Object.keys(given).length > 0 && !isDeepEqual(given, defined.podFixed))
    throw refusal(pod, request, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
  return defined.podFixed;
}

function placementOf(pod: Pod & KubeObject, { scheduling }: RuntimeClass, request: AdmissionRequest): Partial<PodSpec> {
  if (!scheduling) return {};
  const nodeSelector: Record<string, string> = { ...pod.spec.nodeSelector };
  for (const [key, value] of Object.entries(scheduling.nodeSelector ?? {})) {
    const own = nodeSelector[key];
    if (own !== undefined && own !== value) {
      const why = `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`;
      throw refusal(pod, request, why);
    }
    nodeSelector[key] = value;
  }
  const tolerations = merged([...(pod.spec.tolerations ?? []), ...(scheduling.tolerations ?? [])]);
  return {
    ...(Object.keys(nodeSelector).length > 0 && { nodeSelector }),
    ...(tolerations.length > 0 && { tolerations }),
  };
}

/** Without those that another one covers; of equal ones the first stays. */
function merged(all: readonly Toleration[]): readonly Toleration[] {
  const kept: Toleration[] = [];
  for (const [i, one] of all.entries()) {
    const isCovered =
      kept.some((other) => covers(other, one)) ||
      all.slice(i + 1).some((other) => !isDeepEqual(one, other) && covers(other, one));
    if (!isCovered) kept.push(one);
  }
  return kept;
}

/** Whether the wide toleration tolerates whatever the narrow one does. */
function covers(wide: Toleration, narrow: Toleration): boolean {
  if (isDeepEqual(wide, narrow)) return true;
  const isOfAllKeys = !wide.key && wide.operator === "Exists";
  if (wide.key !== narrow.key && !isOfAllKeys) return false;
  if (wide.effect && wide.effect !== narrow.effect) return false;
  const { tolerationSeconds: longest } = wide;
  if (wide.effect === "NoExecute" && longest !== undefined && (narrow.tolerationSeconds ?? Infinity) > longest)
    return false;
  if (wide.operator === "Exists") return true;
  return narrow.operator === "Equal" && (narrow.value ?? "") === (wide.value ?? "");
}
