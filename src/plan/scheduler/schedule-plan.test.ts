import { expect, test } from "vitest";
import { type NodeChange, node } from "../../../test/support/fixtures/nodes.ts";
import { at, EPOCH, meta, type PodChange, pod } from "../../../test/support/fixtures/workloads.ts";
import type { Affinity, PersistentVolumeClaim, Pod } from "../../api/generated/core-v1.ts";
import { couldEverFit, planSchedule, type ScheduleView } from "./schedule-plan.ts";

const now = EPOCH + 60_000;
const pending = (change: PodChange = {}): Pod =>
  pod("new", {
    owner: null,
    ...change,
    spec: { nodeName: "", containers: [{ name: "main" }], ...change.spec },
    status: { phase: "Pending", conditions: [], ...change.status },
  });
const needs = (requests: Readonly<Record<string, string>>) => ({
  containers: [{ name: "main", resources: { requests } }],
});

function view(
  change: PodChange,
  nodes = [node()],
  placed: readonly Pod[] = [],
  more: Partial<ScheduleView> = {},
): ScheduleView {
  return { pod: pending(change), nodes, placed, claims: {}, namespaces: {}, ...more };
}

/** `→ node-0`, or why there is none. */
function answer(view: ScheduleView): string | undefined {
  const [action] = planSchedule(view, now).actions;
  return action?.kind === "bind" ? `→ ${action.node}` : action?.message;
}

const one = (reasons: string, preemption = "Preemption is not helpful for scheduling"): string =>
  `0/1 nodes are available: 1 ${reasons}. no new claims to deallocate, preemption: 0/1 nodes are available: 1 ${preemption}.`;
const noVictims = "No preemption victims found for incoming pod";
const affinity = (
  nodeSelectorTerms: NonNullable<
    NonNullable<Affinity["nodeAffinity"]>["requiredDuringSchedulingIgnoredDuringExecution"]
  >["nodeSelectorTerms"],
) => ({
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
});
const name = (of: string) => ({ key: "metadata.name", operator: "In" as const, values: [of] });
const noAffinity = one("node(s) didn't match Pod's node affinity/selector");
const tainted: NodeChange = { spec: { taints: [{ key: "k", value: "v", effect: "NoSchedule" }] } };
const hog = (requests: Readonly<Record<string, string>>): Pod =>
  pod("hog", { spec: { nodeName: "node-0", ...needs(requests) } });

test.each<[string, ScheduleView, string | undefined]>([
  ["an ordinary pod", view({}), "→ node-0"],
  ["a pod that has a node", view({ spec: { nodeName: "node-0" } }), undefined],
  ["a pod that is being deleted", view({ metadata: { deletionTimestamp: at(1) } }), undefined],
  ["without nodes", view({}, []), "no nodes available to schedule pods"],
  [
    "node selector: another value",
    view({ spec: { nodeSelector: { zone: "b" } } }, [node("node-0", { labels: { zone: "a" } })]),
    noAffinity,
  ],
  [
    "node selector: the value",
    view({ spec: { nodeSelector: { zone: "a" } } }, [node("node-0", { labels: { zone: "a" } })]),
    "→ node-0",
  ],
  [
    "affinity: In",
    view({ spec: affinity([{ matchExpressions: [{ key: "zone", operator: "In", values: ["a", "b"] }] }]) }, [
      node("node-0", { labels: { zone: "b" } }),
    ]),
    "→ node-0",
  ],
  [
    "affinity: NotIn holds without the label",
    view({ spec: affinity([{ matchExpressions: [{ key: "zone", operator: "NotIn", values: ["a"] }] }]) }),
    "→ node-0",
  ],
  [
    "affinity: Exists",
    view({ spec: affinity([{ matchExpressions: [{ key: "zone", operator: "Exists" }] }]) }),
    noAffinity,
  ],
  [
    "affinity: DoesNotExist",
    view({ spec: affinity([{ matchExpressions: [{ key: "zone", operator: "DoesNotExist" }] }]) }),
    "→ node-0",
  ],
  [
    "affinity: Gt",
    view({ spec: affinity([{ matchExpressions: [{ key: "gen", operator: "Gt", values: ["3"] }] }]) }, [
      node("node-0", { labels: { gen: "4" } }),
    ]),
    "→ node-0",
  ],
  [
    "affinity: Lt of no number",
    view({ spec: affinity([{ matchExpressions: [{ key: "gen", operator: "Lt", values: ["3"] }] }]) }, [
      node("node-0", { labels: { gen: "new" } }),
    ]),
    noAffinity,
  ],
  [
    "affinity: by name",
    view({ spec: affinity([{ matchFields: [name("node-1")] }]) }),
    one("node(s) didn't satisfy plugin(s) [NodeAffinity]"),
  ],
  [
    "affinity: by name, of several terms",
    view({ spec: affinity([{ matchFields: [name("node-1")] }, { matchFields: [name("node-0")] }]) }),
    "→ node-0",
  ],
  [
    "affinity: by a name among other demands",
    view({
      spec: affinity([{ matchFields: [name("node-0")], matchExpressions: [{ key: "zone", operator: "Exists" }] }]),
    }),
    noAffinity,
  ],
  [
    "affinity: names that no node can have at once",
    view({ spec: affinity([{ matchFields: [name("node-0"), name("node-1")] }]) }),
    "0/1 nodes are available: pod affinity terms conflict. not found",
  ],
  [
    "affinity: a term without a name leaves all nodes in question",
    view({
      spec: affinity([{ matchFields: [name("node-1")] }, { matchExpressions: [{ key: "zone", operator: "Exists" }] }]),
    }),
    noAffinity,
  ],
  [
    "a pod that takes no other's place",
    view({ spec: { preemptionPolicy: "Never", ...needs({ cpu: "99" }) } }),
    "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: not eligible due to preemptionPolicy=Never.",
  ],
  [
    "affinity: one of several terms is enough",
    view({
      spec: affinity([{ matchExpressions: [{ key: "zone", operator: "Exists" }] }, { matchFields: [name("node-0")] }]),
    }),
    "→ node-0",
  ],
  ["affinity: an empty term matches nothing", view({ spec: affinity([{}]) }), noAffinity],
  ["a taint", view({}, [node("node-0", tainted)]), one("node(s) had untolerated taint(s)")],
  [
    "a taint that is tolerated",
    view({ spec: { tolerations: [{ key: "k", value: "v", effect: "NoSchedule" }] } }, [node("node-0", tainted)]),
    "→ node-0",
  ],
  [
    "a taint, another value tolerated",
    view({ spec: { tolerations: [{ key: "k", value: "w" }] } }, [node("node-0", tainted)]),
    one("node(s) had untolerated taint(s)"),
  ],
  [
    "a taint, every value tolerated",
    view({ spec: { tolerations: [{ key: "k", operator: "Exists" }] } }, [node("node-0", tainted)]),
    "→ node-0",
  ],
  [
    "a taint, everything tolerated",
    view({ spec: { tolerations: [{ operator: "Exists" }] } }, [node("node-0", tainted)]),
    "→ node-0",
  ],
  [
    "a mere preference against it",
    view({}, [node("node-0", { spec: { taints: [{ key: "k", effect: "PreferNoSchedule" }] } })]),
    "→ node-0",
  ],
  ["a cordoned node", view({}, [node("node-0", { spec: { unschedulable: true } })]), one("node(s) were unschedulable")],
  [
    "more than the node has",
    view({ spec: needs({ cpu: "5", memory: "9Gi" }) }),
    one("Insufficient cpu, 1 Insufficient memory"),
  ],
  [
    "more than is left",
    view({ spec: needs({ cpu: "1500m" }) }, [node()], [hog({ cpu: "2600m" })]),
    one("Insufficient cpu", noVictims),
  ],
  ["just what is left", view({ spec: needs({ cpu: "1400m" }) }, [node()], [hog({ cpu: "2600m" })]), "→ node-0"],
  [
    "a resource that no node has",
    view({ spec: needs({ "example.com/gpu": "1" }) }),
    one("Insufficient example.com/gpu"),
  ],
  [
    "too many pods",
    view({}, [node("node-0", { status: { allocatable: { pods: "1" } } })], [hog({})]),
    one("Too many pods", noVictims),
  ],
  [
    "an init container counts alone",
    view({ spec: { initContainers: [{ name: "i", resources: { requests: { cpu: "3" } } }], ...needs({ cpu: "2" }) } }),
    "→ node-0",
  ],
  [
    "a sidecar counts all the time",
    view({
      spec: {
        initContainers: [{ name: "i", restartPolicy: "Always", resources: { requests: { cpu: "3" } } }],
        ...needs({ cpu: "2" }),
      },
    }),
    one("Insufficient cpu"),
  ],
  ["the overhead counts", view({ spec: { overhead: { cpu: "3" }, ...needs({ cpu: "2" }) } }), one("Insufficient cpu")],
])("%s", (_, view, expected) => {
  expect(answer(view)).toBe(expected);
});

const port = (hostPort: number, hostIP?: string, protocol?: "UDP"): PodChange => ({
  spec: {
    nodeName: "node-0",
    containers: [
      {
        name: "main",
        ports: [{ containerPort: 80, hostPort, ...(hostIP && { hostIP }), ...(protocol && { protocol }) }],
      },
    ],
  },
});
const wants = (change: PodChange): PodChange => ({ spec: { ...change.spec, nodeName: "" } });
const noPort = one("node(s) didn't have free ports for the requested pod ports", noVictims);

test.each<[string, PodChange, PodChange, string]>([
  ["the same", port(80), port(80), noPort],
  ["another", port(80), port(81), "→ node-0"],
  ["another protocol", port(80), port(80, undefined, "UDP"), "→ node-0"],
  ["another address", port(80, "10.0.0.1"), port(80, "10.0.0.2"), "→ node-0"],
  ["all addresses", port(80, "10.0.0.1"), port(80, "0.0.0.0"), noPort],
])("host port: %s", (_, taken, wanted, expected) => {
  expect(answer(view(wants(wanted), [node()], [pod("other", taken)]))).toBe(expected);
});

const hostname = "kubernetes.io/hostname";
const near = (
  labels: Readonly<Record<string, string>>,
  kind: "podAffinity" | "podAntiAffinity",
  more = {},
): PodChange => ({
  spec: {
    affinity: {
      [kind]: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { topologyKey: hostname, labelSelector: { matchLabels: labels }, ...more },
        ],
      },
    },
  },
});
const db = pod("db", { owner: null, metadata: { labels: { app: "db" } } });
const elsewhere = pod("db", { owner: null, metadata: { labels: { app: "db" }, namespace: "other" } });
const spread = (maxSkew: number, topologyKey = hostname): PodChange => ({
  spec: {
    topologySpreadConstraints: [
      { maxSkew, topologyKey, whenUnsatisfiable: "DoNotSchedule", labelSelector: { matchLabels: { app: "shop" } } },
    ],
  },
});
const sibling = (n: number, nodeName: string): Pod => pod(`s${n}`, { owner: null, spec: { nodeName } });

test.each<[string, ScheduleView, string]>([
  ["affinity with a pod that is there", view(near({ app: "db" }, "podAffinity"), [node()], [db]), "→ node-0"],
  ["affinity with none", view(near({ app: "db" }, "podAffinity")), one("node(s) didn't match pod affinity rules")],
  ["affinity with itself", view(near({ app: "shop" }, "podAffinity")), "→ node-0"],
  [
    "affinity with a pod of another namespace",
    view(near({ app: "db" }, "podAffinity"), [node()], [elsewhere]),
    one("node(s) didn't match pod affinity rules"),
  ],
  [
    "affinity with a named namespace",
    view(near({ app: "db" }, "podAffinity", { namespaces: ["other"] }), [node()], [elsewhere]),
    "→ node-0",
  ],
  [
    "affinity with a selected namespace",
    view(
      near({ app: "db" }, "podAffinity", { namespaceSelector: { matchLabels: { tier: "data" } } }),
      [node()],
      [elsewhere],
      { namespaces: { other: { tier: "data" } } },
    ),
    "→ node-0",
  ],
  [
    "anti-affinity",
    view(near({ app: "db" }, "podAntiAffinity"), [node()], [db]),
    one("node(s) didn't match pod anti-affinity rules", noVictims),
  ],
  [
    "anti-affinity on another node",
    view(near({ app: "db" }, "podAntiAffinity"), [node(), node("node-1")], [db]),
    "→ node-1",
  ],
  [
    "anti-affinity of a pod that is there",
    view(
      {},
      [node()],
      [
        pod("old", {
          owner: null,
          ...near({ app: "shop" }, "podAntiAffinity"),
          spec: { nodeName: "node-0", ...near({ app: "shop" }, "podAntiAffinity").spec },
        }),
      ],
    ),
    one("node(s) didn't satisfy existing pods anti-affinity rules", noVictims),
  ],
  ["an even spread", view(spread(1), [node(), node("node-1")], [sibling(1, "node-0")]), "→ node-1"],
  [
    "an uneven spread",
    view(spread(1), [node(), node("node-1", { spec: { unschedulable: true } })], [sibling(1, "node-0")]),
    "0/2 nodes are available: 1 node(s) didn't match pod topology spread constraints, 1 node(s) were unschedulable. no new claims to deallocate, preemption: 0/2 nodes are available: 1 No preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling.",
  ],
  [
    "a spread over a missing label",
    view(spread(1, "zone")),
    one("node(s) didn't match pod topology spread constraints (missing required label)"),
  ],
])("%s", (_, view, expected) => {
  expect(answer(view)).toBe(expected);
});

const claim = (name: string, phase: "Bound" | "Pending", deletionTimestamp?: string): PersistentVolumeClaim => ({
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: meta(name, deletionTimestamp === undefined ? {} : { deletionTimestamp }),
  spec: {},
  status: { phase },
});
const mounts: PodChange = { spec: { volumes: [{ name: "data", persistentVolumeClaim: { claimName: "data" } }] } };

test.each<[string, Readonly<Record<string, PersistentVolumeClaim>>, string]>([
  ["bound", { data: claim("data", "Bound") }, "→ node-0"],
  [
    "not bound yet",
    { data: claim("data", "Pending") },
    "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found",
  ],
  ["missing", {}, '0/1 nodes are available: persistentvolumeclaim "data" not found. not found'],
  [
    "being deleted",
    { data: claim("data", "Bound", at(1)) },
    '0/1 nodes are available: persistentvolumeclaim "data" is being deleted. not found',
  ],
])("a claim that is %s", (_, claims, expected) => {
  expect(answer(view(mounts, [node()], [], { claims }))).toBe(expected);
});

test("an ephemeral volume waits for its claim", () => {
  const ephemeral: PodChange = { spec: { volumes: [{ name: "data", ephemeral: {} }] } };
  const waits = 'waiting for ephemeral volume controller to create the persistentvolumeclaim "new-data"';
  expect(answer(view(ephemeral))).toBe(`0/1 nodes are available: ${waits}. not found`);
  const claims = { "new-data": claim("new-data", "Bound") };
  expect(answer(view(ephemeral, [node()], [], { claims }))).toBe("→ node-0");
});

const prefers: PodChange = {
  spec: {
    affinity: {
      nodeAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 5, preference: { matchExpressions: [{ key: "disk", operator: "Exists" }] } },
        ],
      },
    },
  },
};

test.each<[string, ScheduleView, string]>([
  ["that it prefers", view(prefers, [node("node-0"), node("node-1", { labels: { disk: "fast" } })]), "→ node-1"],
  [
    "without an unwelcome taint",
    view({}, [node("node-0", { spec: { taints: [{ key: "k", effect: "PreferNoSchedule" }] } }), node("node-1")]),
    "→ node-1",
  ],
  [
    "with fewer pods of the same owner",
    view({ owner: "shop-a" }, [node("node-0"), node("node-1")], [pod("a")]),
    "→ node-1",
  ],
  ["that is used less", view({}, [node("node-0"), node("node-1")], [hog({ cpu: "1" })]), "→ node-1"],
  ["by name, else", view({}, [node("node-1"), node("node-0")]), "→ node-0"],
])("chooses the node %s", (_, view, expected) => {
  expect(answer(view)).toBe(expected);
});

test("counts how many nodes have each reason", () => {
  const nodes = [node("a", tainted), node("b", { spec: { unschedulable: true } }), node("c"), node("d")];
  expect(answer(view({ spec: needs({ cpu: "5" }) }, nodes))).toBe(
    "0/4 nodes are available: 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable, 2 Insufficient cpu. no new claims to deallocate, preemption: 0/4 nodes are available: 4 Preemption is not helpful for scheduling.",
  );
});

test("a refusal is written as a condition, and told only once", () => {
  const { status } = planSchedule(view({ metadata: { generation: 2 } }, []), now);
  const message = "no nodes available to schedule pods";
  expect(status).toEqual({
    type: "PodScheduled",
    status: "False",
    reason: "Unschedulable",
    message,
    lastTransitionTime: at(60),
    observedGeneration: 2,
  });
  const again = view({ status: { conditions: [status!] } }, []);
  expect(planSchedule(again, now + 9000)).toEqual({ actions: [], status: undefined });
  const other = view({ status: { conditions: [status!] } }, [node("x", { spec: { unschedulable: true } })]);
  expect(planSchedule(other, now + 9000).status).toMatchObject({
    lastTransitionTime: at(60),
    message: one("node(s) were unschedulable"),
  });
});

test("a gated pod waits, and says so", () => {
  const gated = view({ spec: { schedulingGates: [{ name: "a/b" }] } });
  expect(planSchedule(gated, now)).toMatchObject({
    actions: [],
    status: { reason: "SchedulingGated", message: "Scheduling is blocked due to non-empty scheduling gates" },
  });
});

test.each<[string, PodChange, NodeChange, boolean]>([
  ["an ordinary pod", {}, {}, true],
  ["a pod that is too big", { spec: needs({ cpu: "5" }) }, {}, false],
  ["a pod for other nodes", { spec: { nodeSelector: { zone: "b" } } }, {}, false],
  ["a cordoned node may be opened again", {}, { spec: { unschedulable: true } }, true],
  ["a taint may be taken away again", {}, tainted, true],
])("whether it could ever fit: %s", (_, change, on, expected) => {
  expect(couldEverFit(pending(change), node("node-0", on))).toBe(expected);
});
