import { describe, expect, test } from "vitest";
import type { KubeObject } from "../../api/object.ts";
import { builtinTypes } from "../../api/table/builtin.ts";
import type { ResourceInfo } from "../../api/table/type-table.ts";
import { type Deletion, type DeletionOptions, isDeletionComplete, planDeletion } from "./deletion.ts";

const NOW = Date.parse("2026-01-01T00:00:30Z");
const STAMP = "2026-01-01T00:00:30Z";
const types = builtinTypes();

const info = (group: string, plural: string): ResourceInfo => {
  const found = types.find(group, "v1", plural);
  if (!found) throw new Error(plural);
  return found;
};

const object = (meta: Partial<KubeObject["metadata"]>, rest: object = {}): KubeObject => ({
  apiVersion: "v1",
  kind: "Thing",
  metadata: { name: "a", namespace: "n", uid: "u", resourceVersion: "7", creationTimestamp: STAMP, ...meta },
  ...rest,
});

/** A deletion in short: what happens, and what the metadata says then. */
function brief(deletion: Deletion): object {
  if (deletion.kind === "pending") return { kind: "pending" };
  const { metadata } = deletion.kind === "mark" ? deletion.object : deletion.last;
  const { finalizers, deletionTimestamp: at, deletionGracePeriodSeconds: grace, generation } = metadata;
  return {
    kind: deletion.kind,
    ...(finalizers && { finalizers }),
    ...(at && { at }),
    ...(grace !== undefined && { grace }),
    ...(generation && { generation }),
  };
}

const configmaps = info("", "configmaps");
const plain: readonly [string, Partial<KubeObject["metadata"]>, Partial<DeletionOptions>, object][] = [
  ["goes at once", {}, {}, { kind: "remove" }],
  ["waits for its finalizers", { finalizers: ["x/y"] }, {}, { kind: "mark", finalizers: ["x/y"], at: STAMP, grace: 0 }],
  [
    "counts the mark as a change of what is wanted",
    { finalizers: ["x/y"], generation: 3 },
    {},
    { kind: "mark", finalizers: ["x/y"], at: STAMP, grace: 0, generation: 4 },
  ],
  [
    "keeps the time of its first deletion",
    { finalizers: ["x/y"], generation: 3, deletionTimestamp: "2026-01-01T00:00:00Z", deletionGracePeriodSeconds: 0 },
    {},
    { kind: "mark", finalizers: ["x/y"], at: "2026-01-01T00:00:00Z", grace: 0, generation: 3 },
  ],
  [
    "waits in the foreground for its dependents",
    {},
    { propagationPolicy: "Foreground" },
    { kind: "mark", finalizers: ["foregroundDeletion"], at: STAMP, grace: 0 },
  ],
  [
    "waits until its dependents are orphaned",
    {},
    { propagationPolicy: "Orphan" },
    { kind: "mark", finalizers: ["orphan"], at: STAMP, grace: 0 },
  ],
  [
    "understands the older way to orphan",
    {},
    { orphanDependents: true },
    { kind: "mark", finalizers: ["orphan"], at: STAMP, grace: 0 },
  ],
  [
    "does as a finalizer says when nothing is asked for",
    { finalizers: ["foregroundDeletion"] },
    {},
    { kind: "mark", finalizers: ["foregroundDeletion"], at: STAMP, grace: 0 },
  ],
  [
    "does as asked against a finalizer",
    { finalizers: ["orphan"] },
    { propagationPolicy: "Background" },
    { kind: "remove" },
  ],
];

describe("an ordinary object", () => {
  test.each(plain)("%s", (_, meta, options, want) => {
    expect(brief(planDeletion(configmaps, object(meta), { dryRun: false, ...options }, NOW))).toEqual(want);
  });
});

test("a Job leaves its pods when nothing is asked for", () => {
  const deletion = planDeletion(info("batch", "jobs"), object({}), { dryRun: false }, NOW);
  expect(brief(deletion)).toEqual({ kind: "mark", finalizers: ["orphan"], at: STAMP, grace: 0 });
});

const pods = info("", "pods");
const running = { spec: { nodeName: "node", terminationGracePeriodSeconds: 30 }, status: { phase: "Running" } };
const dying = { deletionTimestamp: "2026-01-01T00:00:45Z", deletionGracePeriodSeconds: 30 };
const graceful: readonly [string, Partial<KubeObject["metadata"]>, object, Partial<DeletionOptions>, object][] = [
  ["gets the grace it asked for", {}, running, {}, { kind: "mark", at: "2026-01-01T00:01:00Z", grace: 30 }],
  [
    "gets the grace that is offered",
    {},
    running,
    { gracePeriodSeconds: 5 },
    { kind: "mark", at: "2026-01-01T00:00:35Z", grace: 5 },
  ],
  [
    "gets one second for a negative grace",
    {},
    running,
    { gracePeriodSeconds: -3 },
    { kind: "mark", at: "2026-01-01T00:00:31Z", grace: 1 },
  ],
  ["goes at once without grace", {}, running, { gracePeriodSeconds: 0 }, { kind: "remove", at: STAMP, grace: 0 }],
  ["goes at once when no node has it", {}, { ...running, spec: {} }, {}, { kind: "remove", at: STAMP, grace: 0 }],
  [
    "goes at once when it has ended",
    {},
    { ...running, status: { phase: "Failed" } },
    {},
    { kind: "remove", at: STAMP, grace: 0 },
  ],
  ["is let be while it goes", dying, running, {}, { kind: "pending" }],
  ["gets no more time than it had", dying, running, { gracePeriodSeconds: 60 }, { kind: "pending" }],
  [
    "gets less time, counted from its first deletion",
    dying,
    running,
    { gracePeriodSeconds: 10 },
    { kind: "mark", at: "2026-01-01T00:00:25Z", grace: 10 },
  ],
  [
    "waits for its finalizers without grace too",
    { finalizers: ["x/y"] },
    running,
    { gracePeriodSeconds: 0 },
    { kind: "mark", finalizers: ["x/y"], at: STAMP, grace: 0 },
  ],
];

describe("a pod", () => {
  test.each(graceful)("%s", (_, meta, rest, options, want) => {
    expect(brief(planDeletion(pods, object(meta, rest), { dryRun: false, ...options }, NOW))).toEqual(want);
  });
});

describe("a namespace", () => {
  const namespaces = info("", "namespaces");
  const spec = { finalizers: ["kubernetes"] };

  test("is marked and turns Terminating", () => {
    const deletion = planDeletion(
      namespaces,
      object({}, { spec, status: { phase: "Active" } }),
      { dryRun: false },
      NOW,
    );
    expect(deletion).toMatchObject({ kind: "mark", object: { status: { phase: "Terminating" } } });
  });

  test("is let be until it is empty", () => {
    const marked = object({ deletionTimestamp: STAMP }, { spec });
    expect(planDeletion(namespaces, marked, { dryRun: false }, NOW)).toEqual({ kind: "pending" });
  });

  test("goes when it is empty", () => {
    const marked = object({ deletionTimestamp: STAMP }, { spec: {} });
    expect(planDeletion(namespaces, marked, { dryRun: false }, NOW)).toMatchObject({ kind: "remove" });
  });

  test("waits for finalizers of its own when it is empty, as everything does", () => {
    const marked = object({ deletionTimestamp: STAMP, finalizers: ["x/y"] }, { spec: {} });
    const waits = { kind: "mark", finalizers: ["x/y"], at: STAMP, grace: 0 };
    expect(brief(planDeletion(namespaces, marked, { dryRun: false }, NOW))).toEqual(waits);
  });
});

describe("preconditions", () => {
  test.each([
    [{ uid: "other" }, "the UID in the precondition (other) does not match the UID in record (u)"],
    [
      { resourceVersion: "3" },
      "the ResourceVersion in the precondition (3) does not match the ResourceVersion in record (7)",
    ],
  ])("%j", (preconditions, message) => {
    const plan = (): Deletion => planDeletion(configmaps, object({}), { dryRun: false, preconditions }, NOW);
    expect(plan).toThrow(`Operation cannot be fulfilled on ConfigMap "a": ${message}`);
  });

  test("that hold change nothing", () => {
    const preconditions = { uid: "u", resourceVersion: "7" };
    expect(planDeletion(configmaps, object({}), { dryRun: false, preconditions }, NOW).kind).toBe("remove");
  });
});

describe("isDeletionComplete()", () => {
  const gone = { deletionTimestamp: STAMP, deletionGracePeriodSeconds: 0 };
  test.each([
    ["when the last finalizer goes", object({ ...gone, finalizers: ["x/y"] }), object(gone), true],
    ["not while there is another", object(gone), object({ ...gone, finalizers: ["x/y"] }), false],
    ["not while it is not deleted", object({}), object({}), false],
    ["not while its grace is running", object(dying), object(dying), false],
  ])("%s", (_, current, updated, want) => expect(isDeletionComplete(current, updated)).toBe(want));
});
