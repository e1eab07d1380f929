import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../lib/json.ts";
import { builtinTypes } from "../table/builtin.ts";
import type { ManagedFieldsEntry } from "./owners.ts";
import { trackFields } from "./track-fields.ts";

const deployments = builtinTypes().find("apps", "v1", "deployments")!;
const TIME = "2026-01-01T00:00:00Z";

const entry = (manager: string, spec: JsonObject, more: object = {}): ManagedFieldsEntry => ({
  manager,
  operation: "Update",
  apiVersion: "apps/v1",
  time: TIME,
  fieldsType: "FieldsV1",
  fieldsV1: { "f:spec": spec },
  ...more,
});
const withoutTime = (given: ManagedFieldsEntry): ManagedFieldsEntry => {
  const { time: _, ...rest } = given;
  return rest;
};

const [REPLICAS, OTHER] = [{ "f:replicas": {} }, { "f:paused": {} }];
const creator = entry("creator", { ...OTHER, ...REPLICAS });
const applier = entry("applier", REPLICAS, { operation: "Apply" });
const scaler = withoutTime(entry("kubectl", REPLICAS, { subresource: "scale" }));

describe("a write through scale", () => {
  const scaled = (owners: readonly ManagedFieldsEntry[], replicas: number): ManagedFieldsEntry[] => {
    const object = (count: number): JsonObject => ({
      metadata: { name: "web", uid: "u", managedFields: owners },
      spec: { replicas: count },
    });
    const write = { before: object(1), after: object(replicas), manager: "kubectl", subresource: "scale", time: TIME };
    return trackFields(deployments, { ...write, operation: "Update" });
  };

  test.each<[sentence: string, owners: ManagedFieldsEntry[], replicas: number, expected: ManagedFieldsEntry[]]>([
    ["takes the replicas from who had them", [creator], 2, [scaler, entry("creator", OTHER)]],
    [
      "that changes nothing sets the replicas of an updater apart",
      [creator],
      1,
      [withoutTime(entry("creator", REPLICAS)), entry("creator", OTHER)],
    ],
    [
      "that changes nothing again forgets that updater",
      [withoutTime(entry("creator", REPLICAS)), entry("creator", OTHER)],
      1,
      [entry("creator", OTHER)],
    ],
    ["that changes nothing leaves appliers be", [applier], 1, [applier]],
    ["that changes nothing leaves who has scaled be", [scaler], 1, [scaler]],
  ])("%s", (_, owners, replicas, expected) => expect(scaled(owners, replicas)).toEqual(expected));
});
