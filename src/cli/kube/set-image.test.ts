import { expect, test } from "vitest";
import type { JsonObject } from "../../lib/json.ts";
import { withImages } from "./set-image.ts";

const container = (name: string, image: string): JsonObject => ({ name, image, env: [{ name: "A" }] });
const podSpec = {
  initContainers: [container("init", "i:1")],
  containers: [container("web", "w:1"), container("log", "l:1")],
};
const deployment: JsonObject = { kind: "Deployment", spec: { replicas: 3, template: { metadata: {}, spec: podSpec } } };
const pod: JsonObject = { kind: "Pod", spec: podSpec };

const imagesOf = (object: JsonObject): readonly string[] =>
  [...JSON.stringify(object).matchAll(/"image":"([^"]*)"/g)].map(([, image = ""]) => image);

const cases: readonly (readonly [sentence: string, object: JsonObject, images: object, after: readonly string[]])[] = [
  ["one container", deployment, { web: "w:2" }, ["i:1", "w:2", "l:1"]],
  ["an init container", pod, { init: "i:2" }, ["i:2", "w:1", "l:1"]],
  ["all of them", deployment, { "*": "x:9" }, ["x:9", "x:9", "x:9"]],
  ["all, and one by its name", pod, { "*": "x:9", log: "l:2" }, ["x:9", "x:9", "l:2"]],
];

test.each(cases)("sets the image of %s, and nothing else", (_, object, images, after) => {
  const changed = withImages(object, new Map(Object.entries(images) as [string, string][]));
  expect(imagesOf(changed)).toEqual(after);
  const blank = (each: JsonObject): string => JSON.stringify(each).replaceAll(/"image":"[^"]*"/g, "");
  expect(blank(changed)).toBe(blank(object));
});

test("names that no container has are refused, and objects without containers", () => {
  expect(() => withImages(deployment, new Map([["nope", "x"]]))).toThrow('unable to find container named "nope"');
  expect(() => withImages({ kind: "Service" }, new Map([["a", "x"]]))).toThrow("has no containers");
});
