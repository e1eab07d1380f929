import fc from "fast-check";
import { expect, test } from "vitest";
import { template } from "../../../test/support/fixtures/workloads.ts";
import type { PodTemplateSpec } from "../../api/generated/core-v1.ts";
import { sameTemplate, TEMPLATE_HASH_LABEL, templateHash } from "./pod-template.ts";

const base = template();
const container = base.spec!.containers[0]!;
const withContainer = (change: object): PodTemplateSpec => ({
  ...base,
  spec: { ...base.spec, containers: [{ ...container, ...change }] },
});

test.each<[string, PodTemplateSpec, boolean]>([
  ["itself", { ...base }, true],
  ["the same in another order of fields", { spec: base.spec!, metadata: base.metadata! }, true],
  ["the same with a template hash", template("shop:1", { app: "shop", [TEMPLATE_HASH_LABEL]: "abc" }), true],
  ["the same with an empty list", withContainer({ env: [] }), true],
  ["the same with empty annotations", { ...base, metadata: { ...base.metadata, annotations: {} } }, true],
  ["another image", template("shop:2"), false],
  ["another label", template("shop:1", { app: "shop", tier: "web" }), false],
  ["an empty struct where there was none", withContainer({ securityContext: {} }), false],
  ["one more variable", withContainer({ env: [{ name: "A", value: "" }] }), false],
])("a template and %s", (_, other, same) => {
  expect(sameTemplate(base, other)).toBe(same);
  expect(templateHash(base) === templateHash(other)).toBe(same);
});

test("a collision changes the hash", () => {
  expect(templateHash(base, 1)).not.toBe(templateHash(base, 0));
});

test("a hash is a safe suffix of a name", () => {
  fc.assert(
    fc.property(fc.string(), fc.nat(5), (image, collisions) => {
      expect(templateHash(template(image), collisions)).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{7}$/);
    }),
  );
});
