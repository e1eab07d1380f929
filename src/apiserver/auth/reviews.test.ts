import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { seededRandom } from "../../../test/support/seeded-random.ts";
import type { KubeObject } from "../../api/object.ts";
import { Authenticator } from "./authenticator.ts";
import { Authorizer } from "./authorizer.ts";
import type { Policy } from "./rbac.ts";
import { reviews } from "./reviews.ts";
import { ServiceAccountTokens } from "./service-account-token.ts";
import type { User } from "./user.ts";

const clock = new FakeClock();
const key = generateKeyPairSync("ec", { namedCurve: "P-256" })
  .privateKey.export({ type: "pkcs8", format: "pem" })
  .toString();
const tokens = new ServiceAccountTokens({ key, clock, random: seededRandom(), uidOf: () => "u1" });
const policy: Policy = {
  clusterRoleBindings: () => [],
  roleBindings: (namespace) => (namespace === "a" ? [READERS] : []),
  role: () => ({ rules: [{ verbs: ["get"], apiGroups: [""], resources: ["pods"] }] }),
  clusterRole: () => undefined,
};
const READERS = {
  metadata: { namespace: "a" },
  subjects: [{ kind: "User", name: "zoe" }],
  roleRef: { kind: "Role", name: "reader" },
};
const authorizer = new Authorizer(policy);
const all = reviews(authorizer, new Authenticator("secret", tokens), clock);

const zoe: User = { username: "zoe", groups: ["system:authenticated"] };
const admin: User = { username: "admin", groups: ["system:masters"] };
const ask = (name: string, spec: object, user: User = zoe, namespace?: string) => {
  const [group, plural] = name.split("/");
  const body = { apiVersion: `${group}/v1`, kind: "Review", metadata: { name: "forgotten" }, spec };
  return all.get(`${group}/${plural}`)!(body as unknown as KubeObject, user, namespace) as {
    metadata: object;
    status: Record<string, unknown>;
  };
};
const pods = (namespace: string, verb = "get") => ({ resourceAttributes: { verb, resource: "pods", namespace } });

describe("a review of access", () => {
  const SELF = "authorization.k8s.io/selfsubjectaccessreviews";
  test.each<[sentence: string, name: string, spec: object, user: User, allowed: boolean]>([
    ["one's own, allowed", SELF, pods("a"), zoe, true],
    ["one's own, of another namespace", SELF, pods("b"), zoe, false],
    ["one's own, of another verb", SELF, pods("a", "delete"), zoe, false],
    ["a superuser's", SELF, pods("b", "delete"), admin, true],
    ["of a path", SELF, { nonResourceAttributes: { path: "/version", verb: "get" } }, zoe, true],
    ["another's", "authorization.k8s.io/subjectaccessreviews", { ...pods("a"), user: "zoe" }, admin, true],
    [
      "a group's",
      "authorization.k8s.io/subjectaccessreviews",
      { ...pods("a"), groups: ["system:masters"] },
      admin,
      true,
    ],
    ["a stranger's", "authorization.k8s.io/subjectaccessreviews", { ...pods("a"), user: "max" }, admin, false],
  ])("%s", (_, name, spec, user, allowed) => {
    const answer = ask(name, spec, user);
    expect(answer).toMatchObject({ metadata: {}, status: { allowed } });
  });

  test("in one namespace asks about that alone", () => {
    const name = "authorization.k8s.io/localsubjectaccessreviews";
    expect(ask(name, { ...pods("a"), user: "zoe" }, admin, "a").status).toMatchObject({ allowed: true });
    expect(() => ask(name, { ...pods("b"), user: "zoe" }, admin, "a")).toThrow(
      'spec.resourceAttributes.namespace: Invalid value: "b": must match metadata.namespace',
    );
    const path = { nonResourceAttributes: { path: "/version", verb: "get" }, user: "zoe" };
    expect(() => ask(name, path, admin, "a")).toThrow(
      'spec.nonResourceAttributes: Invalid value: {"Path":"/version","Verb":"get"}: disallowed on this kind of request',
    );
  });

  test.each<[sentence: string, name: string, spec: object, message: string]>([
    [
      "about nothing",
      SELF,
      {},
      "spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be " +
        "specified",
    ],
    [
      "about two things",
      SELF,
      { ...pods("a"), nonResourceAttributes: { path: "/x", verb: "get" } },
      'spec.nonResourceAttributes: Invalid value: {"Path":"/x","Verb":"get"}: cannot be specified in combination with ' +
        "resourceAttributes",
    ],
    [
      "of nobody",
      "authorization.k8s.io/subjectaccessreviews",
      pods("a"),
      'spec.user: Invalid value: "": at least one of user or group must be specified',
    ],
  ])("%s is refused", (_, name, spec, message) => {
    expect(() => ask(name, spec)).toThrow(message);
  });
});

test("a review of rules lists what one may do in a namespace", () => {
  const { status } = ask("authorization.k8s.io/selfsubjectrulesreviews", { namespace: "a" });
  expect(status["resourceRules"]).toContainEqual({ verbs: ["get"], apiGroups: [""], resources: ["pods"] });
  expect(status).toMatchObject({ incomplete: false });
  expect(() => ask("authorization.k8s.io/selfsubjectrulesreviews", {})).toThrow("no namespace on request");
});

test("a review of oneself tells who one is", () => {
  expect(ask("authentication.k8s.io/selfsubjectreviews", {}).status).toEqual({ userInfo: zoe });
});

describe("a review of a token", () => {
  const NAME = "authentication.k8s.io/tokenreviews";
  const { token } = tokens.issue({
    namespace: "a",
    serviceAccount: { name: "robot", uid: "u1" },
    audiences: ["vault"],
    expirationSeconds: 600,
  });

  test("tells whose it is, for an audience", () => {
    expect(ask(NAME, { token, audiences: ["vault"] }).status).toMatchObject({
      authenticated: true,
      audiences: ["vault"],
      user: { username: "system:serviceaccount:a:robot" },
    });
    expect(ask(NAME, { token }).status).toEqual({ user: {}, error: "invalid bearer token" });
  });

  test("needs a token", () => {
    expect(() => ask(NAME, {})).toThrow("token is required for TokenReview in authentication");
  });
});
