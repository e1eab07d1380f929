import { quoteGo } from "../../lib/go-format.ts";
import type { PolicyRule } from "./rbac.ts";

/**
 * Which of the rules `wanted` those that are `held` do not cover, in Kubernetes' words and order. Rules are taken apart into one verb on one
 * resource, name or path each; one that is covered only by several together is not.
 * https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping
 */
export function uncovered(held: readonly PolicyRule[], wanted: readonly PolicyRule[]): string[] {
  const missing = wanted.flatMap(parts).filter((part) => !held.some((rule) => covers(rule, part)));
  return [...new Set(compacted(missing).map(described))].sort();
}

function parts({
  verbs,
  apiGroups = [],
  resources = [],
  resourceNames = [],
  nonResourceURLs = [],
}: PolicyRule): PolicyRule[] {
  const names = resourceNames.length > 0 ? resourceNames.map((name) => ({ resourceNames: [name] })) : [{}];
  const ofResources = apiGroups.flatMap((group) =>
    resources.flatMap((resource) =>
      verbs.flatMap((verb) =>
        names.map((name) => ({ apiGroups: [group], resources: [resource], verbs: [verb], ...name })),
      ),
    ),
  );
  const ofPaths = nonResourceURLs.flatMap((path) => verbs.map((verb) => ({ nonResourceURLs: [path], verbs: [verb] })));
  return [...ofResources, ...ofPaths];
}

function covers(rule: PolicyRule, part: PolicyRule): boolean {
  const [owned = [], wanted = []] = [rule.resourceNames, part.resourceNames];
  return (
    coversAll(rule.verbs, part.verbs) &&
    coversAll(rule.apiGroups, part.apiGroups) &&
    (part.resources ?? []).every((resource) => coversResource(rule.resources ?? [], resource)) &&
    (part.nonResourceURLs ?? []).every((path) => coversPath(rule.nonResourceURLs ?? [], path)) &&
    (owned.length === 0 || (wanted.length > 0 && wanted.every((name) => owned.includes(name))))
  );
}

function coversAll(owned: readonly string[] = [], wanted: readonly string[] = []): boolean {
  return owned.includes("*") || wanted.every((value) => owned.includes(value));
}

/** `*` + `/scale` covers that subresource of everything. */
function coversResource(owned: readonly string[], resource: string): boolean {
  if (owned.includes("*") || owned.includes(resource)) return true;
  const slash = resource.indexOf("/");
  return slash >= 0 && owned.includes(`*${resource.slice(slash)}`);
}

function coversPath(owned: readonly string[], path: string): boolean {
  return owned.some((own) => own === path || (own.endsWith("*") && path.startsWith(own.slice(0, -1))));
}

/** Parts of one resource are told together. */
function compacted(rules: readonly PolicyRule[]): PolicyRule[] {
  const byResource = new Map<string, PolicyRule>();
  const others: PolicyRule[] = [];
  for (const rule of rules) {
    const { apiGroups, resources, resourceNames, verbs } = rule;
    if (!resources) {
      others.push(rule);
      continue;
    }
    const key = JSON.stringify([apiGroups, resources, resourceNames]);
    const known = byResource.get(key);
    byResource.set(key, known ? { ...known, verbs: [...known.verbs, ...verbs] } : rule);
  }
  return [...byResource.values(), ...others];
}

function described({ apiGroups, resources, nonResourceURLs, resourceNames, verbs }: PolicyRule): string {
  const members = Object.entries({
    APIGroups: apiGroups,
    Resources: resources,
    NonResourceURLs: nonResourceURLs,
    ResourceNames: resourceNames,
    Verbs: verbs,
  });
  const shown = members.flatMap(([name, values]) => (values?.length ? [`${name}:${quotedList(values)}`] : []));
  return `{${shown.join(", ")}}`;
}

/** `["a" "b"]` */
export function quotedList(values: readonly string[]): string {
  return `[${values.map(quoteGo).join(" ")}]`;
}
