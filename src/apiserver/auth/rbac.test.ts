import { describe, expect, test } from "vitest";
import { Authorizer } from "./authorizer.ts";
import { type Access, allows, type Policy, type PolicyRule } from "./rbac.ts";
import type { User } from "./user.ts";

const pods = { verb: "get", group: "", resource: "pods", namespace: "a", name: "p" } as const;

const rules: readonly [string, PolicyRule, Access, boolean][] = [
  ["names what is asked", { verbs: ["get"], apiGroups: [""], resources: ["pods"] }, pods, true],
  ["is about another verb", { verbs: ["list"], apiGroups: [""], resources: ["pods"] }, pods, false],
  ["is about another group", { verbs: ["get"], apiGroups: ["apps"], resources: ["pods"] }, pods, false],
  ["is about everything", { verbs: ["*"], apiGroups: ["*"], resources: ["*"] }, pods, true],
  ["names the object", { verbs: ["get"], apiGroups: [""], resources: ["pods"], resourceNames: ["p"] }, pods, true],
  ["names another object", { verbs: ["get"], apiGroups: [""], resources: ["pods"], resourceNames: ["q"] }, pods, false],
  [
    "is about the object, not its log",
    { verbs: ["get"], apiGroups: [""], resources: ["pods"] },
    { ...pods, subresource: "log" },
    false,
  ],
  [
    "names the log",
    { verbs: ["get"], apiGroups: [""], resources: ["pods/log"] },
    { ...pods, subresource: "log" },
    true,
  ],
  [
    "names the logs of everything",
    { verbs: ["get"], apiGroups: [""], resources: ["*/log"] },
    { ...pods, subresource: "log" },
    true,
  ],
  ["is about a path", { verbs: ["get"], nonResourceURLs: ["/metrics"] }, { verb: "get", path: "/metrics" }, true],
  [
    "is about what lies below a path",
    { verbs: ["get"], nonResourceURLs: ["/apis/*"] },
    { verb: "get", path: "/apis/apps" },
    true,
  ],
  ["is about another path", { verbs: ["get"], nonResourceURLs: ["/apis/*"] }, { verb: "get", path: "/api" }, false],
  [
    "is about resources, not paths",
    { verbs: ["*"], apiGroups: ["*"], resources: ["*"] },
    { verb: "get", path: "/x" },
    false,
  ],
];

describe("a rule", () => {
  test.each(rules)("%s", (_, rule, access, want) => expect(allows(rule, access)).toBe(want));
});

const reader = { rules: [{ verbs: ["get", "list"], apiGroups: [""], resources: ["pods"] }] };
const bindings = (subjects: readonly object[], kind = "ClusterRole", namespace?: string): Policy => {
  const binding = {
    metadata: { ...(namespace && { namespace }) },
    roleRef: { kind, name: "reader" },
    subjects,
  } as never;
  return {
    clusterRoleBindings: () => (namespace ? [] : [binding]),
    roleBindings: (asked) => (asked === namespace ? [binding] : []),
    clusterRole: (name) => (name === "reader" && kind === "ClusterRole" ? reader : undefined),
    role: (asked, name) => (name === "reader" && kind === "Role" && asked === namespace ? reader : undefined),
  };
};
const zoe: User = { username: "zoe", groups: ["staff", "system:authenticated"] };
const robot: User = { username: "system:serviceaccount:a:robot", groups: ["system:serviceaccounts"] };

const bound: readonly [string, Policy, User, Access, boolean][] = [
  ["a user", bindings([{ kind: "User", name: "zoe" }]), zoe, pods, true],
  ["another user", bindings([{ kind: "User", name: "ann" }]), zoe, pods, false],
  ["a group", bindings([{ kind: "Group", name: "staff" }]), zoe, pods, true],
  ["a service account", bindings([{ kind: "ServiceAccount", name: "robot", namespace: "a" }]), robot, pods, true],
  [
    "a service account of elsewhere",
    bindings([{ kind: "ServiceAccount", name: "robot", namespace: "b" }]),
    robot,
    pods,
    false,
  ],
  ["a role in its namespace", bindings([{ kind: "User", name: "zoe" }], "Role", "a"), zoe, pods, true],
  ["a role in another namespace", bindings([{ kind: "User", name: "zoe" }], "Role", "b"), zoe, pods, false],
  ["a cluster role within a namespace", bindings([{ kind: "User", name: "zoe" }], "ClusterRole", "a"), zoe, pods, true],
  ["nobody", bindings([]), zoe, pods, false],
];

describe("a binding of", () => {
  test.each(bound)("%s", (_, policy, user, access, want) => {
    expect(new Authorizer(policy).isAllowed(user, access)).toBe(want);
  });
});

describe("without any role", () => {
  const authorizer = new Authorizer(bindings([]));
  const anonymous: User = { username: "system:anonymous", groups: ["system:unauthenticated"] };

  test("superusers may do everything", () => {
    expect(authorizer.isAllowed({ username: "root", groups: ["system:masters"] }, { ...pods, verb: "delete" })).toBe(
      true,
    );
  });

  test("everybody may ask for health and version", () => {
    for (const path of ["/healthz", "/version"])
      expect(authorizer.isAllowed(anonymous, { verb: "get", path })).toBe(true);
    expect(authorizer.isAllowed(anonymous, { verb: "get", path: "/apis" })).toBe(false);
  });

  test("who is known may discover, and ask about himself", () => {
    expect(authorizer.isAllowed(zoe, { verb: "get", path: "/apis/apps/v1" })).toBe(true);
    const review = { verb: "create", group: "authorization.k8s.io", resource: "selfsubjectaccessreviews" };
    expect(authorizer.isAllowed(zoe, review)).toBe(true);
  });

  test.each<[Access, string]>([
    [pods, 'pods "p" is forbidden: User "zoe" cannot get resource "pods" in API group "" in the namespace "a"'],
    [
      { verb: "list", group: "apps", resource: "deployments" },
      'deployments.apps is forbidden: User "zoe" cannot list resource "deployments" in API group "apps" at the cluster scope',
    ],
    [
      { ...pods, subresource: "log" },
      'pods "p" is forbidden: User "zoe" cannot get resource "pods/log" in API group "" in the namespace "a"',
    ],
    [{ verb: "get", path: "/metrics" }, 'forbidden: User "zoe" cannot get path "/metrics"'],
  ])("the rest is refused: %j", (access, message) => {
    expect(() => authorizer.authorize(zoe, access)).toThrow(message);
  });

  test("acting as others is refused, group by group", () => {
    expect(() => authorizer.authorizeImpersonation(zoe, { username: "ann", groups: [] })).toThrow(
      'users "ann" is forbidden: User "zoe" cannot impersonate resource "users" in API group "" at the cluster scope',
    );
  });
});
