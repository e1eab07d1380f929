import { describe, expect, test } from "vitest";
import { readDiscovery } from "./discovered.ts";
import { targetsOf } from "./targets.ts";

const resource = (resource: string, singularResource: string, kind: string, more: object = {}): object => ({
  resource,
  singularResource,
  responseKind: { kind },
  scope: "Namespaced",
  verbs: ["get", "list"],
  ...more,
});
const group = (name: string, version: string, ...resources: readonly object[]): object => ({
  metadata: name === "" ? {} : { name },
  versions: [{ version, resources }],
});
const resources = readDiscovery([
  {
    items: [
      group(
        "",
        "v1",
        resource("pods", "pod", "Pod", { shortNames: ["po"], categories: ["all"] }),
        resource("events", "event", "Event", { shortNames: ["ev"] }),
        resource("namespaces", "namespace", "Namespace", { scope: "Cluster", shortNames: ["ns"] }),
      ),
      group(
        "apps",
        "v1",
        resource("deployments", "deployment", "Deployment", { shortNames: ["deploy"], categories: ["all"] }),
      ),
      group("events.k8s.io", "v1", resource("events", "event", "Event", { shortNames: ["ev"] })),
    ] as never,
  },
]);

const names: readonly (readonly [name: string, found: string])[] = [
  ["deployments", "apps/deployments"],
  ["deployment", "apps/deployments"],
  ["deploy", "apps/deployments"],
  ["Deployment", "apps/deployments"],
  ["deploy.apps", "apps/deployments"],
  ["deployments.v1.apps", "apps/deployments"],
  ["po", "/pods"],
  ["ev", "/events"],
  ["events.events.k8s.io", "events.k8s.io/events"],
  ["events.v1.events.k8s.io", "events.k8s.io/events"],
];

describe("a resource's name", () => {
  test.each(names)("%s means %s", (name, found) => {
    const { group: of, plural } = resources.named(name);
    expect(`${of}/${plural}`).toBe(found);
  });

  test("that nobody knows is refused, with the one that was probably meant", () => {
    expect(() => resources.named("deploymnt")).toThrow(
      `the server doesn't have a resource type "deploymnt" (did you mean "deployment"?)`,
    );
    expect(() => resources.named("deployments.batch")).toThrow("the server doesn't have a resource type");
  });

  test("may be that of a category", () => {
    expect(resources.listed("all,ns").map(({ plural }) => plural)).toEqual(["pods", "deployments", "namespaces"]);
  });

  test("is found for a manifest by kind", () => {
    expect(resources.ofKind("apps/v1", "Deployment")?.plural).toBe("deployments");
    expect(resources.ofKind("v1", "Deployment")).toBeUndefined();
  });
});

describe("arguments", () => {
  const read = (...args: readonly string[]): readonly string[] =>
    targetsOf(args, resources).map(({ resource: { plural }, name = "*" }) => `${plural}/${name}`);

  test("name objects of a type, of several types, or in pairs", () => {
    expect(read("po")).toEqual(["pods/*"]);
    expect(read("po,deploy")).toEqual(["pods/*", "deployments/*"]);
    expect(read("po,deploy", "a", "b")).toEqual(["pods/a", "pods/b", "deployments/a", "deployments/b"]);
    expect(read("po/a", "deploy/b")).toEqual(["pods/a", "deployments/b"]);
  });

  test("do not mix both ways", () => {
    expect(() => read("po", "deploy/b")).toThrow("there is no need to specify a resource type");
    expect(() => read("po/a/b")).toThrow("must have a single resource and name");
  });
});
