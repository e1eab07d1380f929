import { expect, test } from "vitest";
import { at, EPOCH, meta } from "../../../test/support/fixtures/workloads.ts";
import type { Namespace } from "../../api/generated/core-v1.ts";
import { configmaps, deployments, pods } from "../../api/generated/resources.ts";
import type { Resource } from "../../api/resource.ts";
import { type Content, planNamespace } from "./namespace-plan.ts";

const now = EPOCH + 60_000;
const namespace = (change: Partial<Namespace> = {}): Namespace => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: meta("shop", { deletionTimestamp: at(50) }),
  spec: { finalizers: ["kubernetes"] },
  ...change,
});
const content = (resource: Resource, name: string, change: Partial<Content> = {}): Content => {
  return { resource, name, uid: `uid-${name}`, finalizers: [], deleting: false, ...change };
};

function brief(contents: readonly Content[], change: Partial<Namespace> = {}): readonly string[] {
  return planNamespace({ namespace: namespace(change), contents }, now).actions.map((action) =>
    action.kind === "delete" ? `delete ${action.content.name}` : action.kind,
  );
}

test.each<[string, readonly Content[], Partial<Namespace>, readonly string[]]>([
  ["one that is not being deleted is left alone", [content(pods, "p")], { metadata: meta("shop") }, []],
  ["pods go first", [content(configmaps, "c"), content(pods, "p"), content(deployments, "d")], {}, ["delete p"]],
  [
    "the rest waits for pods that are on their way",
    [content(configmaps, "c"), content(pods, "p", { deleting: true })],
    {},
    [],
  ],
  ["then the rest", [content(configmaps, "c"), content(deployments, "d")], {}, ["delete c", "delete d"]],
  ["an empty one goes", [], {}, ["finalize"]],
  ["one that somebody else holds stays", [], { spec: { finalizers: ["example.com/hold"] } }, []],
])("%s", (_, contents, change, actions) => {
  expect(brief(contents, change)).toEqual(actions);
});

test("says what remains, in Kubernetes' words", () => {
  const contents = [
    content(configmaps, "c", { finalizers: ["a.b/c"] }),
    content(deployments, "d", { finalizers: ["a.b/c", "x.y/z"] }),
    content(deployments, "e"),
  ];
  const { status } = planNamespace({ namespace: namespace(), contents }, now);
  expect(status).toEqual({
    phase: "Terminating",
    conditions: [
      ["NamespaceDeletionDiscoveryFailure", "False", "ResourcesDiscovered", "All resources successfully discovered"],
      [
        "NamespaceDeletionGroupVersionParsingFailure",
        "False",
        "ParsedGroupVersions",
        "All legacy kube types successfully parsed",
      ],
      [
        "NamespaceDeletionContentFailure",
        "False",
        "ContentDeleted",
        "All content successfully deleted, may be waiting on finalization",
      ],
      [
        "NamespaceContentRemaining",
        "True",
        "SomeResourcesRemain",
        "Some resources are remaining: configmaps. has 1 resource instances, deployments.apps has 2 resource instances",
      ],
      [
        "NamespaceFinalizersRemaining",
        "True",
        "SomeFinalizersRemain",
        "Some content in the namespace has finalizers remaining: a.b/c in 2 resource instances, x.y/z in 1 resource instances",
      ],
    ].map(([type, status, reason, message]) => ({ type, status, lastTransitionTime: at(60), reason, message })),
  });
});

test("a condition keeps its time while it stays as it is", () => {
  const first = planNamespace({ namespace: namespace(), contents: [content(configmaps, "c")] }, now).status;
  const later = planNamespace({ namespace: namespace({ status: first! }), contents: [] }, now + 5000).status;
  const times = later?.conditions?.map(({ type, lastTransitionTime }) => [type, lastTransitionTime]);
  expect(times).toContainEqual(["NamespaceDeletionContentFailure", at(60)]);
  expect(times).toContainEqual(["NamespaceContentRemaining", at(65)]);
});
