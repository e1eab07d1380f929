import { expect, test } from "vitest";
import { admitted, objectOf } from "../../../test/support/admission.ts";
import type { PersistentVolumeClaim } from "../../api/generated/core-v1.ts";
import type { KubeObject } from "../../api/object.ts";
import { defaultStorageClass } from "./default-storage-class.ts";

const storageClass = (name: string, isDefault: boolean, creationTimestamp: string): KubeObject => {
  const object = objectOf("storage.k8s.io/v1", "StorageClass", name, { provisioner: "a.b/c" });
  const annotations = { "storageclass.kubernetes.io/is-default-class": String(isDefault) };
  return { ...object, metadata: { ...object.metadata, annotations, creationTimestamp } };
};
const classes = [
  storageClass("other", false, "2026-01-09T00:00:00Z"),
  storageClass("old", true, "2026-01-01T00:00:00Z"),
  storageClass("new-b", true, "2026-01-02T00:00:00Z"),
  storageClass("new-a", true, "2026-01-02T00:00:00Z"),
];
const BETA = "volume.beta.kubernetes.io/storage-class";

test.each<[sentence: string, claim: object, classes: readonly KubeObject[], expected: string | undefined]>([
  ["a claim without a class has the newest default", { spec: {} }, classes, "new-a"],
  ["one that names a class keeps it", { spec: { storageClassName: "x" } }, classes, "x"],
  ["one that wants none has none", { spec: { storageClassName: "" } }, classes, ""],
  ["the old annotation names one too", { metadata: { name: "c", annotations: { [BETA]: "x" } } }, classes, undefined],
  ["without a default it stays as it is", { spec: {} }, classes.slice(0, 1), undefined],
])("%s", (_, rest, objects, expected) => {
  const claim = objectOf("v1", "PersistentVolumeClaim", "c", rest);
  const admittedClaim = admitted(defaultStorageClass, claim, { objects }) as PersistentVolumeClaim;
  expect(admittedClaim.spec?.storageClassName).toBe(expected);
});

test("a claim that changes keeps what it has", () => {
  const claim = objectOf("v1", "PersistentVolumeClaim", "c", { spec: {} });
  expect(admitted(defaultStorageClass, claim, { old: claim, objects: classes })).toBe(claim);
});
