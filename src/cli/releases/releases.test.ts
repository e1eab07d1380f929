import { describe, expect, test } from "vitest";
import type { ReleasePolicy } from "../../api/generated/sluice-dev.ts";
import { deploymentName, whyNone } from "./releases.ts";

describe("the Deployment", () => {
  test.each([
    ["shop", ["shop"]],
    ["deployment/shop", ["deployment/shop"]],
    ["deploy/shop", ["deploy/shop"]],
    ["deployments.apps/shop", ["deployments.apps/shop"]],
    ["deployment shop", ["deployment", "shop"]],
  ])("may be named as %s", (_, args) => {
    expect(deploymentName(args)).toBe("shop");
  });

  test.each([
    [["statefulset/shop"], 'only Deployments are released, not "statefulset"'],
    [["shop", "web"], 'only Deployments are released, not "shop"'],
    [["deployment", "shop", "web"], "name one Deployment, like shop or deployment/shop"],
    [["deployment/"], "name one Deployment, like shop or deployment/shop"],
    [[], "name one Deployment, like shop or deployment/shop"],
  ])("may not be named as %j", (args, message) => {
    expect(() => deploymentName(args)).toThrow(message);
  });
});

describe("a Deployment without releases", () => {
  const policy = (name: string, status?: "True" | "False"): ReleasePolicy =>
    ({
      metadata: { name },
      spec: { targetRef: { name: "shop" } },
      status: {
        conditions: status ? [{ type: "Ready", status, reason: "NoService", message: "no Service selects it" }] : [],
      },
    }) as unknown as ReleasePolicy;

  test.each([
    ["has no policy", [], 'deployment "shop" has no ReleasePolicy, so its templates roll out as in Kubernetes'],
    [
      "has one that is not in force",
      [policy("a", "False")],
      'deployment "shop" has had no release: ReleasePolicy "a" is not in force: no Service selects it',
    ],
    [
      "has got no new template",
      [policy("a", "True"), policy("b", "False")],
      'deployment "shop" has had no release yet: one begins with a new template',
    ],
    [
      "has a policy that is new",
      [policy("a")],
      'deployment "shop" has had no release yet: one begins with a new template',
    ],
  ])("%s", (_, policies, message) => {
    expect(whyNone("shop", policies)).toBe(message);
  });
});
