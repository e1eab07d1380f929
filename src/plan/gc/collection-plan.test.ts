import fc from "fast-check";
import { expect, test } from "vitest";
import { configmaps } from "../../api/generated/resources.ts";
import type { OwnerReference } from "../../api/object.ts";
import { type CollectionAction, type CollectionView, type OwnerState, planCollection } from "./collection-plan.ts";
import { type OwnedObject, OwnershipGraph } from "./ownership-graph.ts";

const reference = (uid: string, blockOwnerDeletion = true): OwnerReference => {
  return { apiVersion: "v1", kind: "ConfigMap", name: uid, uid, blockOwnerDeletion };
};
const object = (uid: string, change: Partial<OwnedObject> = {}): OwnedObject => {
  return {
    resource: configmaps,
    namespace: "default",
    name: uid,
    uid,
    resourceVersion: "1",
    owners: [],
    finalizers: [],
    deleting: false,
    ...change,
  };
};
const deleting = (uid: string, finalizer: string, change: Partial<OwnedObject> = {}): OwnedObject =>
  object(uid, { deleting: true, finalizers: [finalizer], ...change });

/** Actions in short: `delete x Background`, `owners x a,b`, `finalizer x orphan`. */
const brief = (actions: readonly CollectionAction[]): readonly string[] =>
  actions.map((action) => {
    const { uid } = action.object;
    if (action.kind === "delete") return `delete ${uid} ${action.propagationPolicy}`;
    if (action.kind === "removeFinalizer") return `finalizer ${uid} ${action.finalizer}`;
    return `owners ${uid} ${action.owners.map((owner) => `${owner.uid}${owner.blockOwnerDeletion ? "!" : ""}`).join(",")}`;
  });

const owned = (states: Readonly<Record<string, OwnerState>>, change: Partial<OwnedObject> = {}) => {
  const owners = Object.keys(states).map((uid) => reference(uid));
  return {
    object: object("x", { owners, ...change }),
    owners: owners.map((reference) => ({ reference, state: states[reference.uid] ?? ("absent" as const) })),
  };
};
const child = object("c", { owners: [reference("x")] });
const free = object("c", { owners: [reference("x", false)] });

test.each<[string, Omit<CollectionView, "circle"> & Partial<CollectionView>, readonly string[]]>([
  ["without owners", { ...owned({}), dependents: [] }, []],
  ["whose owner is there", { ...owned({ a: "present" }), dependents: [child] }, []],
  ["whose owner is gone", { ...owned({ a: "absent" }), dependents: [child] }, ["delete x Background"]],
  ["all of whose owners are gone", { ...owned({ a: "absent", b: "absent" }), dependents: [] }, ["delete x Background"]],
  ["one of whose owners is left", { ...owned({ a: "absent", b: "present" }), dependents: [] }, ["owners x b!"]],
  [
    "one of whose owners waits",
    { ...owned({ a: "deletesDependents", b: "present" }), dependents: [] },
    ["owners x b!"],
  ],
  ["whose owner waits", { ...owned({ a: "deletesDependents" }), dependents: [] }, ["delete x Background"]],
  [
    "whose owner waits, with dependents",
    { ...owned({ a: "deletesDependents" }), dependents: [child] },
    ["delete x Foreground"],
  ],
  [
    "whose owner and dependents wait",
    {
      ...owned({ a: "deletesDependents" }),
      dependents: [deleting("c", "foregroundDeletion", { owners: [reference("x")] })],
    },
    ["owners x a", "delete x Foreground"],
  ],
  [
    "that is to orphan its dependents",
    { ...owned({ a: "absent" }, { finalizers: ["orphan"] }), dependents: [child] },
    ["delete x Orphan"],
  ],
  [
    "that is to go in the foreground",
    { ...owned({ a: "absent" }, { finalizers: ["foregroundDeletion"] }), dependents: [child] },
    ["delete x Foreground"],
  ],
  ["that is being deleted", { ...owned({ a: "absent" }, { deleting: true }), dependents: [] }, []],
  ["that waits for a dependent", { object: deleting("x", "foregroundDeletion"), owners: [], dependents: [child] }, []],
  [
    "that waits for a dependent that waits for it",
    { object: deleting("x", "foregroundDeletion"), owners: [], dependents: [child], circle: new Set(["c"]) },
    ["finalizer x foregroundDeletion"],
  ],
  [
    "that waits for no dependent that blocks",
    { object: deleting("x", "foregroundDeletion"), owners: [], dependents: [free] },
    ["finalizer x foregroundDeletion"],
  ],
  [
    "that sets its dependents free",
    {
      object: deleting("x", "orphan"),
      owners: [],
      dependents: [object("c", { owners: [reference("x"), reference("b")] })],
    },
    ["owners c b!"],
  ],
  [
    "that has set its dependents free",
    { object: deleting("x", "orphan"), owners: [], dependents: [] },
    ["finalizer x orphan"],
  ],
])("an object %s", (_, view, actions) => {
  expect(brief(planCollection({ circle: new Set(), ...view }))).toEqual(actions);
});

/** The API's side of deletion, and a collector that looks at whatever the graph says is due. */
class World {
  readonly objects = new Map<string, OwnedObject>();
  readonly graph = new OwnershipGraph();
  readonly #due = new Set<string>();

  put(object: OwnedObject): void {
    const gone = object.deleting && object.finalizers.length === 0;
    if (gone) this.objects.delete(object.uid);
    else this.objects.set(object.uid, object);
    for (const uid of gone ? this.graph.remove(object.uid) : this.graph.put(object)) this.#due.add(uid);
  }

  delete(uid: string, policy: "Background" | "Foreground" | "Orphan"): void {
    const object = this.objects.get(uid);
    if (!object) return;
    const finalizer = { Background: [], Foreground: ["foregroundDeletion"], Orphan: ["orphan"] }[policy];
    const others = object.finalizers.filter((name) => name !== "orphan" && name !== "foregroundDeletion");
    if (!object.deleting) this.put({ ...object, deleting: true, finalizers: [...others, ...finalizer] });
  }

  settle(): void {
    for (let round = 0; this.#due.size > 0; round++) {
      if (round > 10_000) throw new Error("does not settle");
      const [uid = ""] = this.#due;
      this.#due.delete(uid);
      const object = this.graph.get(uid);
      if (!object) continue;
      for (const action of planCollection(this.#viewOf(object))) this.#apply(action);
    }
  }

  #viewOf(object: OwnedObject): CollectionView {
    const owners = object.owners.map((reference) => ({ reference, state: this.#stateOf(reference.uid) }));
    const { uid } = object;
    return { object, owners, dependents: this.graph.dependentsOf(uid), circle: this.graph.circleOf(uid) };
  }

  #stateOf(uid: string): OwnerState {
    const owner = this.objects.get(uid);
    if (!owner) return "absent";
    return owner.deleting && owner.finalizers.includes("foregroundDeletion") ? "deletesDependents" : "present";
  }

  #apply(action: CollectionAction): void {
    const object = this.objects.get(action.object.uid);
    if (!object) return;
    if (action.kind === "delete") this.delete(object.uid, action.propagationPolicy);
    else if (action.kind === "setOwners") this.put({ ...object, owners: action.owners });
    else this.put({ ...object, finalizers: object.finalizers.filter((name) => name !== action.finalizer) });
  }
}

const link = fc.record({ owner: fc.nat(9), dependent: fc.nat(9), blocks: fc.boolean() });
const policy = fc.constantFrom("Background" as const, "Foreground" as const, "Orphan" as const);
const graphs = fc.array(link, { maxLength: 20, size: "max" });

function build(
  links: readonly { readonly owner: number; readonly dependent: number; readonly blocks: boolean }[],
): World {
  const world = new World();
  for (let i = 0; i < 10; i++) {
    const owners = links
      .filter(({ dependent }) => dependent === i)
      .map(({ owner, blocks }) => reference(String(owner), blocks));
    world.put(object(String(i), { owners }));
  }
  world.settle();
  return world;
}

test("owners in a circle, each deleted in the foreground, do not wait for each other", () => {
  const circle = [0, 1, 2].map((i) => ({ owner: i, dependent: (i + 1) % 3, blocks: true }));
  const world = build(circle);
  for (const { owner } of circle) world.delete(String(owner), "Foreground");
  world.settle();
  expect([...world.objects.keys()]).toEqual(["3", "4", "5", "6", "7", "8", "9"]);
});

test("a chain goes from its end", () => {
  const world = build([0, 1, 2].map((i) => ({ owner: i, dependent: i + 1, blocks: true })));
  const went: string[] = [];
  const remove = world.graph.remove.bind(world.graph);
  world.graph.remove = (uid) => {
    went.push(uid);
    return remove(uid);
  };
  world.delete("0", "Foreground");
  world.settle();
  expect(went).toEqual(["3", "2", "1", "0"]);
});

test("whatever owns what, also in circles: what was deleted goes, and nothing is left whose owners are all gone", () => {
  fc.assert(
    fc.property(graphs, fc.array(fc.tuple(fc.nat(9), policy), { minLength: 1, maxLength: 4 }), (links, deletions) => {
      const world = build(links);
      for (const [uid, policy] of deletions) world.delete(String(uid), policy);
      world.settle();
      for (const [uid] of deletions) expect(world.objects.has(String(uid))).toBe(false);
      for (const left of world.objects.values()) {
        expect(left.deleting).toBe(false);
        expect(left.owners.every((owner) => world.objects.has(owner.uid))).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});

test("orphaning sets the dependents free", () => {
  fc.assert(
    fc.property(graphs, fc.nat(9), (links, uid) => {
      const world = build(links);
      world.delete(String(uid), "Orphan");
      world.settle();
      expect(world.objects.size).toBe(9);
    }),
    { numRuns: 200 },
  );
});

test("a change that is none of the collector's asks for no look", () => {
  const graph = new OwnershipGraph();
  const first = object("x", { owners: [reference("a")] });
  expect(graph.put(first)).toEqual(["x"]);
  expect(graph.put({ ...first, resourceVersion: "2" })).toEqual([]);
  expect(graph.get("x")?.resourceVersion).toBe("2");
  expect(graph.put({ ...first, owners: [reference("b")] })).toEqual(["x"]);
});
