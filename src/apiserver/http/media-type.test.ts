import { describe, expect, test } from "vitest";
import { bodyMediaType, patchMediaType } from "./media-type.ts";

describe("a body", () => {
  test.each([
    [undefined, "json"],
    ["", "json"],
    ["application/json; charset=utf-8", "json"],
    ["Application/YAML", "yaml"],
    ["application/vnd.kubernetes.protobuf", "protobuf"],
  ])("%s", (type, expected) => {
    expect(bodyMediaType(type)).toBe(expected);
  });

  test("of another type is refused", () => {
    expect(() => bodyMediaType("text/plain")).toThrow(
      "the body of the request was in an unknown format - accepted media types include: application/json, " +
        "application/yaml, application/vnd.kubernetes.protobuf",
    );
  });
});

describe("a patch", () => {
  test.each([
    ["application/json-patch+json", "json"],
    ["application/merge-patch+json", "merge"],
    ["application/strategic-merge-patch+json", "strategic"],
    ["application/apply-patch+yaml", "apply"],
  ])("%s", (type, expected) => {
    expect(patchMediaType(type, { custom: false })).toBe(expected);
  });

  test.each([[undefined], ["application/json"]])("%s is none", (type) => {
    expect(() => patchMediaType(type, { custom: false })).toThrow("415: Unsupported Media Type");
  });

  test("of a custom kind knows no merge keys", () => {
    expect(patchMediaType("application/merge-patch+json", { custom: true })).toBe("merge");
    expect(() => patchMediaType("application/strategic-merge-patch+json", { custom: true })).toThrow(
      "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, " +
        "application/merge-patch+json, application/apply-patch+yaml",
    );
  });
});
