import type { Pod } from "../../api/generated/core-v1.ts";
import type { KubeObject } from "../../api/object.ts";
import { type Admitter, type AdmissionRequest, type AdmissionView, refusal } from "./admitter.ts";

export interface PriorityClass extends KubeObject {
  readonly value: number;
  readonly globalDefault?: boolean;
  readonly preemptionPolicy?: "Never" | "PreemptLowerPriority";
}

const CLASSES = "scheduling.k8s.io/priorityclasses";

/**
 * Turns a pod's priority class into a number, and keeps two classes from both being the default.
 * https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/
 */
export const priority: Admitter = {
  name: "Priority",
  resources: new Set(["/pods", CLASSES]),
  admit(_old, object, request) {
    if (request.subresource !== undefined) return object;
    if (request.info.plural === "priorityclasses") return checkDefault(object as PriorityClass, request);
    return request.operation === "create" ? withPriority(object as Pod & KubeObject, request) : object;
  },
};

function withPriority(pod: Pod & KubeObject, request: AdmissionRequest): KubeObject {
  if (!pod.spec) return pod;
  const { priorityClassName, ...given } = pod.spec;
  const found = classOf(pod, priorityClassName, request);
  const priority = found?.value ?? 0;
  const preemptionPolicy = found?.preemptionPolicy ?? "PreemptLowerPriority";
  checkGiven(pod, request, "integer value of priority", given.priority, priority);
  checkGiven(pod, request, "string value of PreemptionPolicy", given.preemptionPolicy, preemptionPolicy);
  const name = priorityClassName || found?.metadata.name;
  const spec = { ...given, ...(name && { priorityClassName: name }), priority, preemptionPolicy };
  const admitted: Pod & KubeObject = { ...pod, spec };
  return admitted;
}

function classOf(pod: KubeObject, name: string | undefined, request: AdmissionRequest): PriorityClass | undefined {
  const { objects } = request;
  if (!name) return defaultClass(objects);
  const found = objects.get(CLASSES, name) as PriorityClass | undefined;
  if (!found) throw refusal(pod, request, `no PriorityClass with name ${name} was found`);
  return found;
}

/** A pod that says its priority itself must say the right one. */
function checkGiven<T extends string | number>(
  pod: KubeObject,
  request: AdmissionRequest,
  what: string,
  given: T | undefined,
  computed: T,
): void {
  if (given === undefined || given === computed) return;
  throw refusal(
    pod,
    request,
    `the ${what} (${given}) must not be provided in pod spec; priority admission controller computed ${computed} from the given PriorityClass name`,
  );
}

/** Of several defaults the lowest counts. */
function defaultClass(objects: AdmissionView): PriorityClass | undefined {
  const defaults = (objects.list(CLASSES) as readonly PriorityClass[]).filter((c) => c.globalDefault);
  return defaults.sort((a, b) => a.value - b.value)[0];
}

function checkDefault(object: PriorityClass, request: AdmissionRequest): KubeObject {
  if (!object.globalDefault) return object;
  const other = defaultClass(request.objects);
  if (!other || other.metadata.name === object.metadata.name) return object;
  const why = `PriorityClass ${other.metadata.name} is already marked as default. Only one default can exist`;
  throw refusal(object, request, why);
}
