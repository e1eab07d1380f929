import {
  arrayOf,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type MutableJsonObject,
  objectOf,
  textOf,
} from "../../lib/json.ts";
import { addQuantities, compareQuantities, formatQuantity, parseQuantity, type Quantity } from "../../lib/quantity.ts";
import { withMissing } from "./resource-list.ts";

/** https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#pod-level-resource-specification */

const HUGE_PAGES = "hugepages-";
const isPodLevel = (name: string): boolean => name === "cpu" || name === "memory" || name.startsWith(HUGE_PAGES);

/**
 * Completes resources that are given for the pod as a whole: limits of huge pages from the containers', requests from what
 * the containers request, else from the pod's limits.
 */
export function podLevelResources(spec: MutableJsonObject): void {
  const { resources = null } = spec;
  if (!isJsonObject(resources)) return;
  const given = { limits: objectOf(resources["limits"]), requests: objectOf(resources["requests"]) };
  if (isEmpty(given.limits) && isEmpty(given.requests)) return;
  const pages = pick(aggregate(spec, "limits"), (name) => name.startsWith(HUGE_PAGES) && !(name in given.requests));
  const limits = withMissing(given.limits, pages);
  const requests = isEmpty(limits)
    ? given.requests
    : withMissing(
        withMissing(
          given.requests,
          pick(aggregate(spec, "requests"), (name) => name === "cpu" || name === "memory"),
        ),
        pick(limits, isPodLevel),
      );
  spec["resources"] = {
    ...resources,
    ...(!isEmpty(limits) && { limits }),
    ...(!isEmpty(requests) && { requests }),
  };
}

function isEmpty(object: JsonObject): boolean {
  return Object.keys(object).length === 0;
}

function pick(resources: JsonObject, wanted: (name: string) => boolean): JsonObject {
  return Object.fromEntries(Object.entries(resources).filter(([name]) => wanted(name)));
}

type Amounts = Map<string, Quantity>;

/**
 * What all containers of a pod need together: the sum of those that run side by side, or the most that an init container
 * needs (beside the sidecars started before it), whichever is more.
 */
export function aggregate(spec: JsonObject, what: "requests" | "limits"): JsonObject {
  const total: Amounts = new Map();
  for (const container of arrayOf(spec["containers"])) addAll(total, amountsOf(container, what));
  const sidecars: Amounts = new Map();
  const most: Amounts = new Map();
  for (const container of arrayOf(spec["initContainers"])) {
    const amounts = amountsOf(container, what);
    if (objectOf(container)["restartPolicy"] === "Always") {
      addAll(total, amounts);
      addAll(sidecars, amounts);
      raiseTo(most, sidecars);
    } else {
      addAll(amounts, sidecars);
      raiseTo(most, amounts);
    }
  }
  raiseTo(total, most);
  return Object.fromEntries([...total].map(([name, amount]) => [name, formatQuantity(amount)]));
}

function amountsOf(container: JsonValue, what: "requests" | "limits"): Amounts {
  const resources = objectOf(objectOf(objectOf(container)["resources"])[what]);
  return new Map(Object.entries(resources).map(([name, text]) => [name, parseQuantity(textOf(text))]));
}

function addAll(total: Amounts, amounts: Amounts): void {
  for (const [name, amount] of amounts) {
    const before = total.get(name);
    total.set(name, before ? addQuantities(before, amount) : amount);
  }
}

function raiseTo(total: Amounts, amounts: Amounts): void {
  for (const [name, amount] of amounts) {
    const before = total.get(name);
    if (!before || compareQuantities(before, amount) < 0) total.set(name, amount);
  }
}
