import { describe, expect, test } from "vitest";
import { negotiate, type Representation } from "./negotiation.ts";

const TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io";
const OLD_TABLE = "application/json;as=Table;v=v1beta1;g=meta.k8s.io";
const NONE =
  "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf";

const cases: readonly [string, string | undefined, Representation][] = [
  ["JSON without a header", undefined, { format: "json" }],
  ["JSON for anything", "*/*", { format: "json" }],
  ["JSON for any application type", "text/html, application/*, */*;q=0.1", { format: "json" }],
  ["YAML", "application/yaml", { format: "yaml" }],
  ["the better liked", "application/json;q=0.2, application/yaml;q=0.7", { format: "yaml" }],
  ["the first of equals", "application/json, application/yaml", { format: "json" }],
  ["JSON when protobuf comes first", "application/vnd.kubernetes.protobuf, application/json", { format: "json" }],
  ["a table", `${TABLE},${OLD_TABLE},application/json`, { format: "json", view: { kind: "Table", version: "v1" } }],
  ["an old table", OLD_TABLE, { format: "json", view: { kind: "Table", version: "v1beta1" } }],
  ["the object when the view is unknown", "application/json;as=Graph;v=v1;g=meta.k8s.io,*/*", { format: "json" }],
  [
    "metadata alone",
    "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
    { format: "json", view: { kind: "PartialObjectMetadata", version: "v1" } },
  ],
];

describe("negotiate()", () => {
  test.each(cases)("gives %s", (_, accept, want) => expect(negotiate(accept, true)).toEqual(want));

  test("gives the object where there is no table", () => {
    expect(negotiate(`${TABLE},application/json`, false)).toEqual({ format: "json" });
  });

  test.each([
    [
      "text/html",
      "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf",
    ],
    ["application/vnd.kubernetes.protobuf", NONE],
    ["application/json;as=Table;v=v9;g=meta.k8s.io", NONE],
  ])("refuses %s", (accept, message) => {
    expect(() => negotiate(accept, true)).toThrow(expect.objectContaining({ message, code: 406 }));
  });

  test("says of lists that they can be streams", () => {
    expect(() => negotiate("text/html", true, true)).toThrow(
      "application/vnd.kubernetes.protobuf, application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch",
    );
  });

  test("refuses a table alone where there is none", () => expect(() => negotiate(TABLE, false)).toThrow(NONE));
});
