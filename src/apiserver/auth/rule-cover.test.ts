import { expect, test } from "vitest";
import type { PolicyRule } from "./rbac.ts";
import { uncovered } from "./rule-cover.ts";

const rule = (resources: string[], verbs: string[], more: Partial<PolicyRule> = {}): PolicyRule => ({
  apiGroups: [""],
  resources,
  verbs,
  ...more,
});
const path = (url: string, ...verbs: string[]): PolicyRule => ({ nonResourceURLs: [url], verbs });
const named = (...resourceNames: string[]): Partial<PolicyRule> => ({ resourceNames });

test.each<[sentence: string, held: PolicyRule[], wanted: PolicyRule[], expected: string[]]>([
  ["what is held may be given", [rule(["pods"], ["get", "list"])], [rule(["pods"], ["list"])], []],
  ["nothing covers nothing", [], [], []],
  [
    "verbs that lack are told together",
    [rule(["pods"], ["get"])],
    [rule(["pods"], ["get", "list"]), rule(["pods"], ["watch"])],
    ['{APIGroups:[""], Resources:["pods"], Verbs:["list" "watch"]}'],
  ],
  [
    "resources that lack are told one by one, sorted",
    [],
    [rule(["pods", "nodes"], ["get"])],
    ['{APIGroups:[""], Resources:["nodes"], Verbs:["get"]}', '{APIGroups:[""], Resources:["pods"], Verbs:["get"]}'],
  ],
  ["everything covers everything", [rule(["*"], ["*"], { apiGroups: ["*"] })], [rule(["pods/log"], ["*"])], []],
  [
    "much does not cover everything",
    [rule(["pods"], ["get", "list", "watch"])],
    [rule(["pods"], ["*"])],
    ['{APIGroups:[""], Resources:["pods"], Verbs:["*"]}'],
  ],
  ["a subresource of everything", [rule(["*/scale"], ["get"])], [rule(["things/scale"], ["get"])], []],
  ["any name covers one", [rule(["pods"], ["get"])], [rule(["pods"], ["get"], named("a"))], []],
  [
    "one name covers neither any nor another",
    [rule(["pods"], ["get"], named("a"))],
    [rule(["pods"], ["get"], named("a", "b")), rule(["pods"], ["get"])],
    [
      '{APIGroups:[""], Resources:["pods"], ResourceNames:["b"], Verbs:["get"]}',
      '{APIGroups:[""], Resources:["pods"], Verbs:["get"]}',
    ],
  ],
  ["paths by their beginning", [path("/api/*", "get")], [path("/api/x", "get")], []],
  ["paths that lack", [path("/api/*", "get")], [path("/foo", "get")], ['{NonResourceURLs:["/foo"], Verbs:["get"]}']],
])("%s", (_, held, wanted, expected) => expect(uncovered(held, wanted)).toEqual(expected));
