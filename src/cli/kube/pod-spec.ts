import { type JsonObject, objectOf } from "../../lib/json.ts";

/** The path to the PodSpec in an object that has one. */
export function podSpecPath(kind: string): readonly string[] | undefined {
  switch (kind) {
    case "Pod":
      return ["spec"];
    case "CronJob":
      return ["spec", "jobTemplate", "spec", "template", "spec"];
    case "Deployment":
    case "ReplicaSet":
    case "StatefulSet":
    case "DaemonSet":
    case "Job":
    case "ReplicationController":
      return ["spec", "template", "spec"];
    default:
      return undefined;
  }
}

/** The object with what `change` makes of the value at the path. */
export function changeAt(
  object: JsonObject,
  path: readonly string[],
  change: (value: JsonObject) => JsonObject,
): JsonObject {
  const [field, ...rest] = path;
  if (field === undefined) return change(object);
  return { ...object, [field]: changeAt(objectOf(object[field]), rest, change) };
}
