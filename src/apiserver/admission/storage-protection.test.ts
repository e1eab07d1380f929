import { expect, test } from "vitest";
import { admitted, objectOf } from "../../../test/support/admission.ts";
import { storageProtection } from "./storage-protection.ts";

test.each([
  ["PersistentVolumeClaim", "kubernetes.io/pvc-protection"],
  ["PersistentVolume", "kubernetes.io/pv-protection"],
])("a new %s does not go while it is used", (kind, finalizer) => {
  const object = objectOf("v1", kind, "data");
  const guarded = admitted(storageProtection, object);
  expect(guarded.metadata.finalizers).toEqual([finalizer]);
  expect(admitted(storageProtection, guarded)).toBe(guarded);
  expect(admitted(storageProtection, object, { old: object })).toBe(object);
});
