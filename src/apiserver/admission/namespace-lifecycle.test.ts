import { expect, test } from "vitest";
import { admitted, objectOf } from "../../../test/support/admission.ts";
import type { StatusError } from "../../api/status-error.ts";
import { checkNamespaceDeletion, namespaceLifecycle } from "./namespace-lifecycle.ts";

const object = objectOf("v1", "ConfigMap", "m");
const namespace = (phase: string) => objectOf("v1", "Namespace", "a", { status: { phase } });

test("lets objects into a namespace that is there", () => {
  expect(admitted(namespaceLifecycle, object, { objects: [namespace("Active")] })).toBe(object);
});

test("knows no namespace that is missing", () => {
  expect(() => admitted(namespaceLifecycle, object)).toThrow('namespaces "a" not found');
});

test("lets nothing new into a namespace that goes, but changes", () => {
  const objects = [namespace("Terminating")];
  const refused = (): unknown => admitted(namespaceLifecycle, object, { objects });
  expect(refused).toThrow(
    'configmaps "m" is forbidden: unable to create new content in namespace a because it is being terminated',
  );
  try {
    refused();
  } catch (error) {
    expect((error as StatusError).status.details?.causes).toEqual([
      { reason: "NamespaceTerminating", message: "namespace a is being terminated", field: "metadata.namespace" },
    ]);
  }
  expect(admitted(namespaceLifecycle, object, { objects, old: object })).toBe(object);
});

test.each(["default", "kube-system", "kube-public"])("%s never goes", (name) => {
  expect(() => checkNamespaceDeletion(name)).toThrow(
    `namespaces "${name}" is forbidden: this namespace may not be deleted`,
  );
});

test("others may go", () => {
  expect(() => checkNamespaceDeletion("kube-node-lease")).not.toThrow();
});
