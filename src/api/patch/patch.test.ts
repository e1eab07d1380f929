import { expect, test } from "vitest";
import type { JsonObject, JsonValue } from "../../lib/json.ts";
import { builtinTypes } from "../table/builtin.ts";
import { applyPatch, PATCH_TYPES, type PatchType } from "./patch.ts";

const types = builtinTypes();
const configMap = types.findKind("v1", "ConfigMap")!;
const release = types.findKind("sluice.dev/v1alpha1", "Release")!;
const document: JsonObject = { data: { a: "1" } };

test.each<[string, JsonValue, JsonValue]>([
  ["application/json-patch+json", [{ op: "add", path: "/data/b", value: "2", why: "?" }], { data: { a: "1", b: "2" } }],
  ["application/merge-patch+json", { data: { a: null } }, { data: {} }],
  ["application/strategic-merge-patch+json", { data: { $patch: "replace", b: "2" } }, { data: { b: "2" } }],
])("%s", (mediaType, body, expected) => {
  const { document: patched } = applyPatch(configMap, PATCH_TYPES[mediaType]!, document, body);
  expect(patched).toEqual(expected);
});

test("tells what field validation must know", () => {
  const body = [{ op: "test", path: "/data/a", value: "1", why: "?" }];
  expect(applyPatch(configMap, "json", document, body).unknownFields).toEqual(['json patch unknown field "[0].why"']);
});

test("custom kinds have no merge keys, and so no strategic patch", () => {
  const patch = (type: PatchType): unknown => applyPatch(release, type, document, {});
  expect(() => patch("strategic")).toThrow(
    expect.objectContaining({
      code: 415,
      reason: "UnsupportedMediaType",
      message:
        "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
    }),
  );
  expect(() => patch("merge")).not.toThrow();
});
