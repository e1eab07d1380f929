import { expect, test } from "vitest";
import { replicaSet } from "../../../test/support/workload.ts";
import type { ReplicaSet } from "../../api/generated/apps-v1.ts";
import { versionNames } from "./begin-release.ts";

function set(images: readonly string[], hash: string): ReplicaSet {
  const base = replicaSet("v1", 1);
  const containers = images.map((image, i) => ({ name: `c${i}`, image }));
  return {
    ...base,
    metadata: { ...base.metadata, labels: { "pod-template-hash": hash } },
    spec: { ...base.spec, template: { ...base.spec.template, spec: { containers } } },
  };
}

test.each([
  ["tags", ["shop:1.0.0.RELEASE"], ["shop:1.1.0.RELEASE"], "1.0.0.RELEASE", "1.1.0.RELEASE"],
  ["the container that differs", ["proxy:1", "shop:2"], ["proxy:1", "shop:3"], "2", "3"],
  ["another image with the same tag", ["shop:1"], ["store:1"], "shop:1", "store:1"],
  ["the same image with another template", ["shop:1"], ["shop:1"], "1 (aaa)", "1 (bbb)"],
  ["a container more", ["shop:1"], ["shop:1", "proxy:7"], "1 (aaa)", "1 (bbb)"],
])("versions are called by %s", (_, before, after, old, fresh) => {
  expect(versionNames(set(before, "aaa"), set(after, "bbb"))).toEqual({ old, new: fresh });
});
