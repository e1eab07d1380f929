import { describe, expect, test } from "vitest";
import type { ContainerStatus, Pod } from "../../api/generated/core-v1.ts";
import { knownPods, troubleOf } from "./new-pods.ts";

interface Change {
  readonly ready?: boolean;
  /** Of the condition Ready. */
  readonly since?: string;
  readonly restarts?: number;
  readonly exit?: { readonly code: number; readonly at: string; readonly again?: boolean };
  readonly deleted?: boolean;
  readonly message?: string;
}

function pod(
  name: string,
  { ready = true, since = "2026-01-01T00:00:00Z", restarts = 0, exit, deleted, message }: Change = {},
): Pod {
  const terminated = exit && { exitCode: exit.code, reason: "Error", finishedAt: exit.at };
  const container: ContainerStatus = {
    name: "main",
    ready,
    restartCount: restarts,
    image: "",
    imageID: "",
    ...(terminated && (exit?.again ? { lastState: { terminated } } : { state: { terminated } })),
  };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      uid: name,
      resourceVersion: "1",
      creationTimestamp: "",
      ...(deleted && { deletionTimestamp: "x" }),
    },
    spec: { containers: [] },
    status: {
      phase: "Running",
      conditions: [
        { type: "Ready", status: ready ? "True" : "False", lastTransitionTime: since, ...(message && { message }) },
      ],
      containerStatuses: [container],
    },
  };
}

const known = [{ uid: "new", restarts: 0 }];
const AT = "2026-01-01T00:10:00Z";
const LATER = "2026-01-01T00:10:30Z";
const MUCH_LATER = "2026-01-01T00:12:00Z";

describe("trouble of a new pod", () => {
  const cases: readonly [string, Change, string | undefined][] = [
    ["none while it is well", {}, undefined],
    ["it exits", { ready: false, exit: { code: 3, at: AT } }, "container main of pod new exited with code 3 (Error)"],
    [
      "it has been restarted",
      { restarts: 1, exit: { code: 3, at: AT, again: true } },
      "pod new restarted: it had exited with code 3 (Error)",
    ],
    ["it is no longer ready", { ready: false, message: "probe failed" }, "pod new is no longer ready: probe failed"],
    ["somebody deletes it", { ready: false, deleted: true, exit: { code: 0, at: AT } }, undefined],
  ];
  test.each(cases)("%s", (_, change, expected) => {
    expect(troubleOf(known, [pod("new", change)], [pod("old")])).toBe(expected);
  });

  test("one that was never ready is only starting", () => {
    expect(troubleOf([], [pod("new", { ready: false })], [])).toBeUndefined();
    expect(troubleOf([], [pod("new", { ready: false, restarts: 1 })], [])).toBe("pod new restarted");
  });

  test("what the old version's pods suffer too is the machine's", () => {
    const exit = { code: 143, at: AT };
    const others = [pod("old", { restarts: 1, exit: { code: 143, at: LATER, again: true } })];
    expect(troubleOf(known, [pod("new", { ready: false, exit })], others)).toBeUndefined();
    expect(
      troubleOf(known, [pod("new", { ready: false, since: AT })], [pod("old", { ready: false, since: LATER })]),
    ).toBeUndefined();
    const longAgo = [pod("old", { restarts: 1, exit: { code: 1, at: MUCH_LATER, again: true } })];
    expect(troubleOf(known, [pod("new", { ready: false, exit })], longAgo)).toContain("exited with code 143");
  });
});

describe("known pods", () => {
  test("join when they are ready, with the restarts of their start", () => {
    expect(knownPods([], [pod("new", { restarts: 2 }), pod("late", { ready: false })])).toEqual([
      { uid: "new", restarts: 2 },
    ]);
    expect(knownPods(known, [pod("new", { restarts: 2 })])).toBe(known);
  });

  test("a restart that the machine caused is forgiven for good", () => {
    const restarted = pod("new", { restarts: 1, exit: { code: 143, at: AT, again: true } });
    const others = [pod("old", { restarts: 1, exit: { code: 143, at: AT, again: true } })];
    const next = knownPods(known, [restarted], others);
    expect(next).toEqual([{ uid: "new", restarts: 1 }]);
    expect(troubleOf(next, [restarted], [])).toBeUndefined();
  });
});
