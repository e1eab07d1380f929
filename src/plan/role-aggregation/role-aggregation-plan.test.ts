import { expect, test } from "vitest";
import type { ClusterRole, PolicyRule } from "../../api/generated/rbac-v1.ts";
import { planRoleAggregation } from "./role-aggregation-plan.ts";

const read = (resource: string): PolicyRule => ({ verbs: ["get"], apiGroups: [""], resources: [resource] });

const role = (name: string, more: Partial<ClusterRole> = {}, labels: Record<string, string> = {}): ClusterRole => ({
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRole",
  metadata: { name, labels, uid: name, resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z" },
  ...more,
});

const selecting = (...labels: readonly string[]): Partial<ClusterRole> => ({
  aggregationRule: { clusterRoleSelectors: labels.map((label) => ({ matchLabels: { [label]: "true" } })) },
});
const part = (name: string, label: string, ...resources: readonly string[]): ClusterRole =>
  role(name, { rules: resources.map(read) }, { [label]: "true" });

test.each<[sentence: string, role: ClusterRole, others: readonly ClusterRole[], expected: string[] | undefined]>([
  ["a plain role gathers nothing", role("all", { rules: [read("a")] }), [part("p", "x", "b")], undefined],
  ["a role gathers those it selects", role("all", selecting("x")), [part("p", "x", "a"), part("q", "y", "b")], ["a"]],
  [
    "in the order of their names",
    role("all", selecting("x")),
    [part("q", "x", "b"), part("p", "x", "z", "a")],
    ["z", "a", "b"],
  ],
  [
    "selector by selector, each rule once",
    role("all", selecting("y", "x")),
    [part("p", "x", "a", "b"), part("q", "y", "b", "c")],
    ["b", "c", "a"],
  ],
  ["it does not gather itself", role("all", { ...selecting("x"), rules: [read("a")] }, { x: "true" }), [], []],
  ["rules that are written by hand go", role("all", { ...selecting("x"), rules: [read("a")] }), [part("p", "y")], []],
  ["what is gathered stays", role("all", { ...selecting("x"), rules: [read("a")] }), [part("p", "x", "a")], undefined],
  ["nothing stays nothing", role("all", selecting("x")), [], undefined],
])("%s", (_, subject, others, expected) => {
  expect(planRoleAggregation(subject, [subject, ...others])).toEqual(expected?.map(read));
});
