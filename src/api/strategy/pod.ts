import {
  arrayOf,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type MutableJsonObject,
  objectOf,
  textOf,
} from "../../lib/json.ts";
import { compareQuantities, parseQuantity, quantityOf } from "../../lib/quantity.ts";
import { mapObjects } from "../defaults/items.ts";
import { aggregate } from "../defaults/pod-level-resources.ts";

/** A new pod's status and the parts of its spec that its labels complete. */
export function preparedPod(pod: JsonObject, now: string): JsonObject {
  const labels = objectOf(objectOf(pod["metadata"])["labels"]);
  const spec = withLabelKeys(objectOf(pod["spec"]), labels);
  const gated = arrayOf(spec["schedulingGates"]).length > 0;
  const status = {
    phase: "Pending",
    ...(gated && { conditions: [{ ...GATED, lastTransitionTime: now }] }),
    qosClass: qosClass(spec),
  };
  return { spec, status };
}

const GATED: JsonObject = {
  type: "PodScheduled",
  status: "False",
  lastProbeTime: null,
  lastTransitionTime: null,
  reason: "SchedulingGated",
  message: "Scheduling is blocked due to non-empty scheduling gates",
};

/**
 * How well a pod is protected when its node runs short: Guaranteed when every container limits processor and memory to
 * what it requests, BestEffort when none says anything, else Burstable.
 * https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/
 */
export function qosClass(spec: JsonObject): "Guaranteed" | "Burstable" | "BestEffort" {
  const podLevel = isJsonObject(spec["resources"]) ? spec["resources"] : undefined;
  const holders = podLevel ? [podLevel] : containersOf(spec).map((c) => objectOf(c["resources"]));
  const requests = podLevel ? positive(objectOf(podLevel["requests"])) : positive(sumOf(spec, "requests"));
  const limits = podLevel ? positive(objectOf(podLevel["limits"])) : positive(sumOf(spec, "limits"));
  if (requests.size === 0 && limits.size === 0) return "BestEffort";
  const allLimited = holders.every((resources) => {
    const limited = positive(objectOf(resources["limits"]));
    return limited.has("cpu") && limited.has("memory");
  });
  const equal =
    requests.size === limits.size && [...requests].every(([name, amount]) => isSame(amount, limits.get(name)));
  return allLimited && equal ? "Guaranteed" : "Burstable";
}

function containersOf(spec: JsonObject): JsonObject[] {
  return [...arrayOf(spec["containers"]), ...arrayOf(spec["initContainers"])].map((c) => objectOf(c));
}

/** All containers count, as if they ran together. */
function sumOf(spec: JsonObject, what: "requests" | "limits"): JsonObject {
  return aggregate({ containers: containersOf(spec) }, what);
}

/** The amounts of processor and memory that are more than nothing. */
function positive(resources: JsonObject): Map<string, string> {
  const amounts = Object.entries(resources).filter(([name]) => name === "cpu" || name === "memory");
  const texts = amounts.map(([name, amount]): [string, string] => [name, textOf(amount)]);
  return new Map(texts.filter(([, amount]) => compareQuantities(parseQuantity(amount), quantityOf(0)) > 0));
}

function isSame(a: string, b: string | undefined): boolean {
  return b !== undefined && compareQuantities(parseQuantity(a), parseQuantity(b)) === 0;
}

/** Label keys of (anti-)affinity and spreading stand for the pod's own labels: they become expressions of the selector. */
function withLabelKeys(given: JsonObject, labels: JsonObject): JsonObject {
  const spec: MutableJsonObject = { ...given };
  if (spec["topologySpreadConstraints"] !== undefined)
    spec["topologySpreadConstraints"] = mapObjects(spec["topologySpreadConstraints"], (c) =>
      withExpressions(c, labels),
    );
  const affinity = objectOf(spec["affinity"]);
  const changed: MutableJsonObject = { ...affinity };
  for (const name of ["podAffinity", "podAntiAffinity"]) {
    if (isJsonObject(affinity[name])) changed[name] = completedTerms(affinity[name], labels);
  }
  if (isJsonObject(spec["affinity"])) spec["affinity"] = changed;
  return spec;
}

const REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution";

function completedTerms(given: JsonObject, labels: JsonObject): JsonObject {
  const affinity: MutableJsonObject = { ...given };
  if (affinity[REQUIRED] !== undefined)
    affinity[REQUIRED] = mapObjects(affinity[REQUIRED], (term) => withExpressions(term, labels));
  if (affinity[PREFERRED] !== undefined)
    affinity[PREFERRED] = mapObjects(affinity[PREFERRED], (weighted) => ({
      ...weighted,
      podAffinityTerm: withExpressions(objectOf(weighted["podAffinityTerm"]), labels),
    }));
  return affinity;
}

function withExpressions(term: JsonObject, labels: JsonObject): JsonObject {
  const selector = term["labelSelector"];
  const added = [
    ...expressions(term["matchLabelKeys"], "In", labels),
    ...expressions(term["mismatchLabelKeys"], "NotIn", labels),
  ];
  if (!isJsonObject(selector) || added.length === 0) return term;
  const matchExpressions = [...arrayOf(selector["matchExpressions"]), ...added];
  return { ...term, labelSelector: { ...selector, matchExpressions } };
}

function expressions(keys: JsonValue | undefined, operator: string, labels: JsonObject): JsonValue[] {
  return arrayOf(keys).flatMap((key) => {
    const value = labels[textOf(key)];
    return value === undefined ? [] : [{ key, operator, values: [value] }];
  });
}
