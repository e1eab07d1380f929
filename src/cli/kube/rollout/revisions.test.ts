import { expect, test } from "vitest";
import type { Deployment, ReplicaSet } from "../../../api/generated/apps-v1.ts";
import type { ApiClient } from "../../../client/api-client.ts";
import { REVISION, type Revision, revisionsOf, revisionToUndo } from "./revisions.ts";

const deployment: Deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: {
    name: "web",
    namespace: "shop",
    uid: "d",
    resourceVersion: "1",
    creationTimestamp: "2026-01-01T00:00:00Z",
  },
  spec: { selector: { matchLabels: { app: "web" } }, template: {} },
};

const replicaSet = (name: string, revision: string | undefined, owner = "d"): ReplicaSet =>
  ({
    metadata: {
      name,
      ...(revision !== undefined && { annotations: { [REVISION]: revision } }),
      ownerReferences: [{ uid: owner, controller: true, kind: "Deployment", name: "web" }],
    },
  }) as unknown as ReplicaSet;

const revisions = (...numbers: readonly number[]): readonly Revision[] =>
  numbers.map((number) => ({ number, replicaSet: replicaSet(`web-${number}`, String(number)) }));

test("revisions are the Deployment's own sets that have a number, in the order of numbers", async () => {
  const items = [
    replicaSet("c", "10"),
    replicaSet("a", "2"),
    replicaSet("other", "3", "e"),
    replicaSet("none", undefined),
    replicaSet("bad", "x"),
  ];
  const asked: unknown[] = [];
  const client = {
    list: (_: unknown, options: unknown) => {
      asked.push(options);
      return Promise.resolve({ items, resourceVersion: "1" });
    },
  } as unknown as ApiClient;
  const found = await revisionsOf(client, deployment);
  expect(found.map(({ number, replicaSet: { metadata } }) => [number, metadata.name])).toEqual([
    [2, "a"],
    [10, "c"],
  ]);
  expect(asked).toEqual([{ namespace: "shop", labelSelector: "app=web" }]);
});

test("an undo goes back to the one before the newest, or to the one that is named", () => {
  expect(revisionToUndo(revisions(1, 2, 5), deployment, 0).number).toBe(2);
  expect(revisionToUndo(revisions(1, 2, 5), deployment, 1).number).toBe(1);
  expect(() => revisionToUndo(revisions(5), deployment, 0)).toThrow('no rollout history found for deployment "web"');
  expect(() => revisionToUndo(revisions(1, 2), deployment, 7)).toThrow(
    "unable to find specified revision 7 in history",
  );
});
