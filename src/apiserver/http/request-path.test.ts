import { describe, expect, test } from "vitest";
import { parseRequestPath, type ResourcePath } from "./request-path.ts";

const core = { kind: "resource", group: "", version: "v1", watch: false } as const;
const apps = { kind: "resource", group: "apps", version: "v1", watch: false } as const;

const resources: readonly [string, ResourcePath][] = [
  ["/api/v1/pods", { ...core, resource: "pods" }],
  ["/api/v1/nodes/n", { ...core, resource: "nodes", name: "n" }],
  ["/api/v1/nodes/n/status", { ...core, resource: "nodes", name: "n", subresource: "status" }],
  ["/api/v1/namespaces", { ...core, resource: "namespaces" }],
  ["/api/v1/namespaces/a", { ...core, resource: "namespaces", namespace: "a", name: "a" }],
  [
    "/api/v1/namespaces/a/finalize",
    { ...core, resource: "namespaces", namespace: "a", name: "a", subresource: "finalize" },
  ],
  ["/api/v1/namespaces/a/pods", { ...core, resource: "pods", namespace: "a" }],
  ["/api/v1/namespaces/a/pods/p/log", { ...core, resource: "pods", namespace: "a", name: "p", subresource: "log" }],
  ["/apis/apps/v1/deployments", { ...apps, resource: "deployments" }],
  ["/apis/apps/v1/namespaces/a/deployments/", { ...apps, resource: "deployments", namespace: "a" }],
  [
    "/apis/apps/v1/namespaces/a/deployments/d/scale",
    { ...apps, resource: "deployments", namespace: "a", name: "d", subresource: "scale" },
  ],
  ["/api/v1/watch/namespaces/a/pods/p", { ...core, watch: true, resource: "pods", namespace: "a", name: "p" }],
  ["/api/v1/watch/pods", { ...core, watch: true, resource: "pods" }],
  ["/api/v1/namespaces/a/pods/p%2Flog", { ...core, resource: "pods", namespace: "a", name: "p", subresource: "log" }],
  ["/api/v1/namespaces/a/services/x%3Ay", { ...core, resource: "services", namespace: "a", name: "x:y" }],
];

describe("parseRequestPath()", () => {
  test.each(resources)("%s", (path, want) => expect(parseRequestPath(path)).toEqual(want));

  test.each([
    "/",
    "/api",
    "/api/v1",
    "/apis",
    "/apis/apps",
    "/apis/apps/v1",
    "/healthz",
    "/nothing/at/all",
    "/api/v1/watch",
  ])("%s names no resource", (path) => expect(parseRequestPath(path)).toEqual({ kind: "plain", path }));

  test("refuses broken escapes", () => {
    expect(() => parseRequestPath("/api/v1/pods/%zz")).toThrow('invalid URL escape in "%zz"');
  });
});
