import { describe, expect, test } from "vitest";
import { type AdmissionChange, admitted, objectOf } from "../../../test/support/admission.ts";
import type { KubeObject } from "../../api/object.ts";
import { roleEscalation } from "./role-escalation.ts";

const RBAC = "rbac.authorization.k8s.io/v1";
const rule = (resource: string, verbs: string[], more: object = {}): object => ({
  apiGroups: resource === "pods" ? [""] : ["rbac.authorization.k8s.io"],
  resources: [resource],
  verbs,
  ...more,
});
const readPods = rule("pods", ["get"]);
const role = (name: string, ...rules: object[]): KubeObject => objectOf(RBAC, "Role", name, { rules });
const binding = (name: string, to: string, user = "other", kind = "Role"): KubeObject =>
  objectOf(RBAC, "RoleBinding", name, { roleRef: { kind, name: to }, subjects: [{ kind: "User", name: user }] });

/** What the tester, who holds these rules, is told. */
function told(object: KubeObject, held: readonly object[], change: AdmissionChange = {}): string {
  const own = [role("own", ...held), binding("own", "own", "tester")];
  try {
    admitted(roleEscalation, object, { ...change, objects: [...own, ...(change.objects ?? [])] });
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

const lacking = (what: string): string =>
  `${what} is forbidden: user "tester" (groups=[]) is attempting to grant RBAC permissions not currently held:\n` +
  '{APIGroups:[""], Resources:["pods"], Verbs:["get"]}';

describe("a role", () => {
  const subject = role("r", readPods);
  const lacks = lacking('roles.rbac.authorization.k8s.io "r"');
  test.each<[sentence: string, object: KubeObject, held: object[], change: AdmissionChange, expected: string]>([
    ["may give what its writer has", subject, [readPods], {}, ""],
    ["may not give more", subject, [], {}, lacks],
    ["may give more by an escalator", subject, [rule("roles", ["escalate"])], {}, ""],
    ["may give more by a superuser", subject, [], { user: { username: "root", groups: ["system:masters"] } }, ""],
    [
      "may not be kept that way by others either",
      { ...subject, metadata: { ...subject.metadata, labels: { a: "b" } } },
      [],
      { old: subject },
      lacks,
    ],
    [
      "may lose its owners by anybody",
      { ...subject, metadata: { ...subject.metadata, finalizers: ["x/y"] } },
      [],
      { old: subject },
      "",
    ],
  ])("%s", (_, object, held, change, expected) => expect(told(object, held, change)).toBe(expected));

  test("that gathers others needs everything", () => {
    const composed = objectOf(RBAC, "ClusterRole", "c", { aggregationRule: { clusterRoleSelectors: [] } });
    expect(told(composed, [readPods])).toBe(
      'clusterroles.rbac.authorization.k8s.io "c" is forbidden: must have cluster-admin privileges to use the aggregationRule',
    );
  });
});

describe("a binding", () => {
  const objects = [role("r", readPods)];
  test.each<[sentence: string, held: object[], expected: string]>([
    ["may give what its writer has", [readPods], ""],
    ["may not give more", [], lacking('rolebindings.rbac.authorization.k8s.io "b"')],
    ["may give a role that its writer may bind", [rule("roles", ["bind"], { resourceNames: ["r"] })], ""],
    [
      "may not give another",
      [rule("roles", ["bind"], { resourceNames: ["s"] })],
      lacking('rolebindings.rbac.authorization.k8s.io "b"'),
    ],
  ])("%s", (_, held, expected) => expect(told(binding("b", "r"), held, { objects })).toBe(expected));

  test("to a role that is not there is no business of who could not write it", () => {
    expect(told(binding("b", "none", "other", "ClusterRole"), [readPods])).toBe(
      'rolebindings.rbac.authorization.k8s.io "none" not found',
    );
  });
});
