import { expect, test } from "vitest";
import { LAST_APPLIED, lastApplied, withLastApplied } from "./last-applied.ts";

const manifest = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "a", namespace: "n" },
  data: { text: "<a> & b" },
};

test("the manifest is kept as kubectl writes it: members sorted, HTML escaped, a newline at the end", () => {
  const { metadata } = withLastApplied(manifest) as unknown as { metadata: { annotations: Record<string, string> } };
  expect(metadata.annotations[LAST_APPLIED]).toBe(
    `{"apiVersion":"v1","data":{"text":"\\u003ca\\u003e \\u0026 b"},"kind":"ConfigMap","metadata":{"annotations":{},"name":"a","namespace":"n"}}\n`,
  );
});

test("what was applied can be read again, and applying it again keeps no copy of the copy", () => {
  const once = withLastApplied(manifest);
  const kept = { ...manifest, metadata: { ...manifest.metadata, annotations: {} } };
  expect(lastApplied(once)).toEqual(kept);
  expect(lastApplied(withLastApplied(once))).toEqual(kept);
});

test.each([undefined, "", "no JSON", "[1]"])("an annotation %j tells nothing", (text) => {
  const annotations = text === undefined ? {} : { [LAST_APPLIED]: text };
  expect(lastApplied({ metadata: { annotations } })).toBeUndefined();
});
