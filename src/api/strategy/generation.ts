import { jsonEqual, objectOf } from "../../lib/json.ts";
import type { Unstructured } from "../object.ts";
import type { KindInfo } from "../table/type-table.ts";

/**
 * metadata.generation: which change of an object counts as a change of what its author wants.
 * https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md#metadata
 */

type Counts = (object: Unstructured, old: Unstructured) => boolean;

const spec: Counts = (object, old) => !jsonEqual(object["spec"], old["spec"]);
const template: Counts = (object, old) => !jsonEqual(object["template"], old["template"]);
const nothing: Counts = () => false;
/** A Deployment's annotations are copied to its ReplicaSets. */
const specOrAnnotations: Counts = (object, old) =>
  spec(object, old) || !jsonEqual(object.metadata["annotations"], old.metadata["annotations"]);
const contentOrLabels: Counts = (object, old) =>
  !jsonEqual(without(object, []), without(old, [])) || !jsonEqual(object.metadata["labels"], old.metadata["labels"]);

const COUNTED: Readonly<Record<string, Counts>> = {
  "/Pod": spec,
  "/PodTemplate": template,
  "/ReplicationController": spec,
  "apps/DaemonSet": spec,
  "apps/Deployment": specOrAnnotations,
  "apps/ReplicaSet": spec,
  "apps/StatefulSet": spec,
  "batch/CronJob": spec,
  "batch/Job": spec,
  "networking.k8s.io/Ingress": spec,
  "networking.k8s.io/IngressClass": spec,
  "networking.k8s.io/NetworkPolicy": spec,
  "policy/PodDisruptionBudget": spec,
  "scheduling.k8s.io/PriorityClass": nothing,
  "discovery.k8s.io/EndpointSlice": contentOrLabels,
};

/** The generation that a new object begins with; kinds that count none take what they are told, and most are told none. */
export function firstGeneration(info: KindInfo, object: Unstructured): number | undefined {
  if (info.custom || COUNTED[`${info.group}/${info.kind}`]) return 1;
  const { generation } = object.metadata;
  return typeof generation === "number" ? generation : undefined;
}

/** The generation after an update; undefined when the object has none. */
export function nextGeneration(info: KindInfo, object: Unstructured, old: Unstructured): number | undefined {
  const before = old.metadata["generation"];
  const generation = typeof before === "number" ? before : 0;
  const counts = info.custom ? customContent(info) : COUNTED[`${info.group}/${info.kind}`];
  const next = counts?.(object, old) ? generation + 1 : generation;
  return next === 0 ? undefined : next;
}

/** Everything but metadata, and but a status that has its own subresource. */
function customContent(info: KindInfo): Counts {
  const ignored = info.schema.fields.has("status") ? ["status"] : [];
  return (object, old) => !jsonEqual(without(object, ignored), without(old, ignored));
}

function without(object: Unstructured, names: readonly string[]): Unstructured {
  const rest = Object.entries(object).filter(([name]) => name !== "metadata" && !names.includes(name));
  return { ...objectOf(Object.fromEntries(rest)), apiVersion: object.apiVersion, kind: object.kind, metadata: {} };
}
