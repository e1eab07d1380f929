import { expect, test } from "vitest";
import { builtinTypes } from "../../api/table/builtin.ts";
import type { KubeObject } from "../../api/object.ts";
import { replacement } from "./replacing.ts";

const info = builtinTypes().find("apps", "v1", "deployments")!;
const current = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web", namespace: "ns", uid: "a" } };
const wanted = (uid?: string): KubeObject =>
  ({ ...current, metadata: { name: "web", namespace: "ns", ...(uid !== undefined && { uid }) } }) as KubeObject;
const replaced = (object: KubeObject) => replacement(info, object)(current as KubeObject);

test("is the object as it was sent", () => {
  expect(replaced(wanted()).object).toEqual(wanted());
  expect(replaced(wanted("a")).object).toEqual(wanted("a"));
  expect(replacement(info, wanted("b"))(undefined).object).toEqual(wanted("b"));
});

test("refuses to replace what has only the same name", () => {
  expect(() => replaced(wanted("b"))).toThrow(
    'Operation cannot be fulfilled on deployments.apps "web": StorageError: invalid object, Code: 4, ' +
      "Key: /registry/apps/deployments/ns/web, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: " +
      "UID in precondition: b, UID in object meta: a",
  );
});
