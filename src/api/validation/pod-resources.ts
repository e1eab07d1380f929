import { addQuantities, compareQuantities, formatQuantity, parseQuantity, type Quantity } from "../../lib/quantity.ts";
import type { Container, PodSpec } from "../generated/core-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import type { FieldPath } from "./field-path.ts";
import { isHugePages } from "./resource-name.ts";
import { validatePodResources } from "./resource-requirements.ts";

/** Resources of a pod as a whole. https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/ */

export function validatePodLevelResources(
  spec: PodSpec,
  claims: ReadonlySet<string>,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const { resources } = spec;
  if (!resources) return;
  if (spec.os?.name === "windows") return errors.forbidden(path, "may not be set for a windows pod");
  if (resources.claims) errors.forbidden(path.child("claims"), "claims may not be set for Resources at pod-level");
  validatePodResources(resources, claims, path, errors);
  validateConsistency(spec, path, errors);
}

/** The pod must ask for what its containers ask for; a container must not be allowed more than its pod. */
function validateConsistency(spec: PodSpec, path: FieldPath, errors: FieldErrors): void {
  const { requests = {}, limits = {} } = spec.resources ?? {};
  const exceeds = (amount: Quantity, most: string | undefined): boolean =>
    most !== undefined && compareQuantities(amount, parseQuantity(most)) > 0;
  for (const [name, amount] of aggregate(spec, "requests")) {
    if (!exceeds(amount, requests[name])) continue;
    const why = `must be greater than or equal to aggregate container requests of ${formatQuantity(amount)}`;
    errors.invalid(path.child("requests").key(name), requests[name], why);
  }
  for (const [name, amount] of aggregate(spec, "limits")) {
    if (!isHugePages(name) || !exceeds(amount, limits[name])) continue;
    const why = `must be greater than or equal to aggregate container limits of ${formatQuantity(amount)}`;
    errors.invalid(path.child("limits").key(name), limits[name], why);
  }
  for (const [i, container] of (spec.containers ?? []).entries()) {
    for (const [name, amount] of Object.entries(container.resources?.limits ?? {})) {
      if (!exceeds(parseQuantity(amount), limits[name])) continue;
      const limitPath = path.child("containers").index(i).key(name).child("limits");
      errors.invalid(limitPath, amount, `must be less than or equal to pod limits of ${limits[name]}`);
    }
  }
}

type Amounts = Map<string, Quantity>;

/**
 * What the containers need at most at any time: all that stay together, or, while an init container runs, it and the
 * sidecars that began before it.
 */
function aggregate(spec: PodSpec, part: "requests" | "limits"): Amounts {
  const staying: Amounts = new Map();
  for (const container of spec.containers ?? []) add(staying, container, part);
  const sidecars: Amounts = new Map();
  const starting: Amounts = new Map();
  for (const container of spec.initContainers ?? []) {
    if (container.restartPolicy === "Always") {
      add(staying, container, part);
      add(sidecars, container, part);
      raise(starting, sidecars);
    } else {
      const running: Amounts = new Map(sidecars);
      add(running, container, part);
      raise(starting, running);
    }
  }
  raise(staying, starting);
  return staying;
}

function add(amounts: Amounts, { resources = {} }: Container, part: "requests" | "limits"): void {
  for (const [name, text] of Object.entries(resources[part] ?? {})) {
    const before = amounts.get(name);
    const amount = parseQuantity(text);
    amounts.set(name, before ? addQuantities(before, amount) : amount);
  }
}

function raise(amounts: Amounts, others: Amounts): void {
  for (const [name, amount] of others) {
    const before = amounts.get(name);
    if (!before || compareQuantities(amount, before) > 0) amounts.set(name, amount);
  }
}
