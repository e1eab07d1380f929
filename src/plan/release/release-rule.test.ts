import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { meta, policy } from "../../../test/support/workload.ts";
import type { HTTPRoute } from "../../api/generated/gateway-networking-k8s-io.ts";
import type { Frontend } from "./frontends.ts";
import {
  ownRoute,
  ownRouteChange,
  type Split,
  splitOf,
  userRouteChange,
  userRouteRestored,
  weightsFor,
} from "./release-rule.ts";

const frontend: Frontend = {
  service: "shop",
  port: 80,
  backendPort: 80,
  targetPort: 8080,
  route: { name: "shop-80-release", own: true },
};
const split: Split = { w: 0.05, session: "shop-2.1", testers: false };
const stored = (name: string, spec: HTTPRoute["spec"], labels: Record<string, string> = {}): HTTPRoute => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  metadata: meta(name, { labels }),
  spec,
});

describe("weights", () => {
  test.each([
    [0, 100, 0],
    [1, 0, 100],
    [0.05, 95, 5],
    [0.0125, 9875, 125],
    [0.001, 999, 1],
    [0.000001, 999_999, 1],
  ])("a share of %d is %d : %d", (w, stable, fresh) => {
    expect(weightsFor(w)).toEqual({ stable, new: fresh });
  });

  test("say the share to six digits, within what the API allows", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (w) => {
        const { stable, new: fresh } = weightsFor(w);
        expect(Math.abs(fresh / (fresh + stable) - w)).toBeLessThanOrEqual(5e-7 + 1e-12);
        expect(Math.max(stable, fresh)).toBeLessThanOrEqual(1_000_000);
      }),
    );
  });
});

describe("a route of ours", () => {
  const own = (change: Partial<Split> = {}, spec: Parameters<typeof policy>[0] = {}) =>
    ownRoute("shop", "default", policy(spec), frontend, { ...split, ...change });

  test("splits by one rule that carries policy and session", () => {
    expect(own()).toMatchObject({
      metadata: { name: "shop-80-release", labels: { "sluice.dev/policy": "shop", "sluice.dev/deployment": "shop" } },
      spec: {
        parentRefs: [{ kind: "Service", name: "shop", port: 80 }],
        rules: [
          {
            name: "release",
            filters: [
              { type: "ExtensionRef", extensionRef: { group: "sluice.dev", kind: "ReleasePolicy", name: "shop" } },
              { type: "ExtensionRef", extensionRef: { group: "sluice.dev", kind: "Release", name: "shop-2.1" } },
            ],
            backendRefs: [
              { name: "shop-stable", port: 80, weight: 95 },
              { name: "shop-new", port: 80, weight: 5 },
            ],
          },
        ],
      },
    });
  });

  test("has the testers' rule first, any of their headers being enough", () => {
    const testers = [{ header: { name: "testuser" } }, { header: { name: "x-team", value: "checkout" } }];
    const { rules } = own({ testers: true }, { testers }).spec;
    expect(rules?.map(({ name }) => name)).toEqual(["testers", "release"]);
    expect(rules?.[0]).toMatchObject({
      matches: [
        { headers: [{ type: "RegularExpression", name: "testuser", value: ".+" }] },
        { headers: [{ type: "Exact", name: "x-team", value: "checkout" }] },
      ],
      backendRefs: [{ name: "shop-new", port: 80 }],
    });
  });

  test("reads back as it was written, and is not written again", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(0, 0.001, 0.05, 0.5, 1),
        fc.option(fc.constant("s.1"), { nil: undefined }),
        (w, session) => {
          const wanted = own({ w, session });
          const route = stored("shop-80-release", wanted.spec, wanted.metadata.labels as Record<string, string>);
          expect(splitOf(route, "shop")).toEqual({ w, session, testers: false });
          expect(ownRouteChange(route, wanted)).toBeUndefined();
          expect(ownRouteChange(route, own({ w: 0.3, session }))).toBeDefined();
        },
      ),
    );
  });

  test("what the API server fills in is no difference", () => {
    const wanted = own();
    const spec = JSON.parse(JSON.stringify(wanted.spec)) as HTTPRoute["spec"];
    const route = stored(
      "shop-80-release",
      { ...spec, parentRefs: [{ name: "shop", port: 80, kind: "Service", group: "" }] },
      wanted.metadata.labels as Record<string, string>,
    );
    expect(ownRouteChange(route, wanted)).toBeUndefined();
  });
});

describe("the user's route", () => {
  const mine = stored("mine", {
    parentRefs: [{ group: "", kind: "Service", name: "shop" }],
    hostnames: ["shop.example"],
    rules: [
      {
        name: "old",
        matches: [{ path: { type: "PathPrefix", value: "/old" } }],
        backendRefs: [{ name: "legacy", port: 80 }],
      },
      {
        name: "release",
        matches: [{ path: { type: "PathPrefix", value: "/" } }],
        filters: [{ type: "RequestHeaderModifier", requestHeaderModifier: { set: [{ name: "x", value: "y" }] } }],
        timeouts: { request: "5s" },
        backendRefs: [{ name: "shop", port: 80 }],
      },
    ],
  });
  const users = { ...frontend, route: { name: "mine", own: false } };

  test("changes in nothing but the rule's backends and our filters", () => {
    const changed = userRouteChange(mine, "shop", policy(), users, split)!;
    const [old, rule] = changed.spec.rules ?? [];
    expect(old).toEqual(mine.spec.rules?.[0]);
    expect(changed.spec.hostnames).toEqual(["shop.example"]);
    expect(rule).toMatchObject({
      name: "release",
      matches: mine.spec.rules?.[1]?.matches,
      timeouts: { request: "5s" },
    });
    expect(rule?.filters?.map(({ type }) => type)).toEqual(["RequestHeaderModifier", "ExtensionRef", "ExtensionRef"]);
    expect(splitOf(changed, "shop")).toEqual(split);
    expect(userRouteChange(changed, "shop", policy(), users, split)).toBeUndefined();
  });

  test("is given back as it was, everything to the Service itself", () => {
    const changed = userRouteChange(mine, "shop", policy(), users, split)!;
    const restored = userRouteRestored(changed, users)!;
    expect(restored.spec.rules?.[1]).toMatchObject({ name: "release", filters: [{ type: "RequestHeaderModifier" }] });
    expect(restored.spec.rules?.[1]?.backendRefs).toEqual([
      { group: "", kind: "Service", name: "shop", port: 80, weight: 1 },
    ]);
    expect(splitOf(restored, "shop")).toBeUndefined();
  });

  test("ours beside it is there for testers alone", () => {
    const testers = [{ header: { name: "testuser" } }];
    expect(ownRoute("shop", "default", policy({ testers }), users, { ...split, testers: true })).toMatchObject({
      metadata: { name: "shop-80-testers" },
      spec: { rules: [{ name: "testers" }] },
    });
    expect(ownRoute("shop", "default", policy({ testers }), users, split).spec.rules).toEqual([]);
  });
});
