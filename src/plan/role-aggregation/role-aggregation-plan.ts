import type { ClusterRole, PolicyRule } from "../../api/generated/rbac-v1.ts";
import { isDeepEqual } from "../../api/validation/semantic-equality.ts";
import { labelSelectorOf, matchesLabels } from "../../lib/label-selector.ts";

/**
 * The rules that a ClusterRole gathers from others by its aggregationRule, in the order of their names, each once; undefined when it has
 * them already, or gathers none.
 * https://kubernetes.io/docs/reference/access-authn-authz/rbac/#aggregated-clusterroles
 */
export function planRoleAggregation(role: ClusterRole, all: readonly ClusterRole[]): readonly PolicyRule[] | undefined {
  if (!role.aggregationRule) return undefined;
  const others = all
    .filter(({ metadata }) => metadata.name !== role.metadata.name)
    .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const rules: PolicyRule[] = [];
  for (const selectorObject of role.aggregationRule.clusterRoleSelectors ?? []) {
    const selector = labelSelectorOf(selectorObject);
    for (const other of others) {
      if (!matchesLabels(selector, other.metadata.labels)) continue;
      for (const rule of other.rules ?? []) if (!rules.some((known) => isDeepEqual(known, rule))) rules.push(rule);
    }
  }
  return isDeepEqual(rules, role.rules ?? []) ? undefined : rules;
}
