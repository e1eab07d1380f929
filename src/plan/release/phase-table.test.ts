import { describe, expect, test } from "vitest";
import { ReleaseWorld } from "../../../test/support/release-world.ts";
import type { Release } from "../../api/generated/sluice-dev.ts";
import { isShut } from "../gate/gate.ts";
import { type Findings, NO_FINDINGS } from "./findings.ts";

/** Each phase of the table, met by each thing that can happen to it. */

const good: Findings = {
  ...NO_FINDINGS,
  rate: 100,
  measured: 3000,
  new: { requests: 3000, failures: 0, retried: 0, users: 800, usersHit: 0 },
  advice: { ...NO_FINDINGS.advice, first: 0.02, next: 0.02, cap: 0.5, affordable: true, ruledOut: true, excess: 0.001 },
};
const bad: Findings = {
  ...good,
  evidence: { ...good.evidence, value: 200, odds: "1:200", reached: true, freezes: true },
  words: { ...good.words, accusation: "v2 failed 5 of its 166 requests." },
};
const LONG = { soak: "1h", bake: "1h", patience: "1h" };

type Name =
  | "Deploying"
  | "Testing"
  | "Releasing"
  | "Baking"
  | "Paused"
  | "Stuck"
  | "Failed"
  | "Reverting"
  | "Reverted"
  | "Succeeded"
  | "Superseded";

/** A world in which v2 is in the phase, and stays there. */
const IN: Readonly<Record<Name, () => ReleaseWorld>> = {
  Deploying: () => begin((world) => world.broken.add("v2")),
  Testing: () => begin((world) => (world.findings = { ...good, measured: 0 })),
  Releasing: () => begin(),
  Baking: () => begin((world) => world.editPolicy({ steps: [{ weight: 100 }] }), { soak: "0s" }),
  Paused: () => then(begin(), (world) => world.order("pause")),
  Stuck: () => {
    const world = begin((w) => w.broken.add("v2"));
    world.loseImage("v2");
    world.settle();
    return world;
  },
  Failed: () => then(begin(undefined, { onFailure: "Hold" }), (world) => (world.findings = bad)),
  Reverting: () => {
    const world = begin();
    world.findings = bad;
    world.releaseController();
    return world;
  },
  Reverted: () => then(begin(), (world) => (world.findings = bad)),
  Succeeded: () => {
    const world = IN.Baking();
    world.editPolicy({ bake: "0s" });
    world.pass(2000);
    return world;
  },
  Superseded: () => {
    const world = begin();
    world.broken.add("v3");
    world.apply("v3");
    world.settle();
    return world;
  },
};

function begin(prepare: (world: ReleaseWorld) => unknown = () => undefined, policy: object = {}): ReleaseWorld {
  const world = new ReleaseWorld({ policy: { ...LONG, ...policy } });
  world.findings = good;
  prepare(world);
  world.apply("v2");
  world.settle();
  return world;
}

function then(world: ReleaseWorld, change: (world: ReleaseWorld) => unknown): ReleaseWorld {
  change(world);
  world.pass(1000);
  return world;
}

const EVENTS: Readonly<Record<string, (world: ReleaseWorld) => void>> = {
  "apply same": (world) => world.apply(world.image),
  "apply older": (world) => world.apply("v1"),
  "apply newer": (world) => world.apply("v4"),
  undo: (world) => world.undo("v1"),
  scale: (world) => world.scale(5),
  "scale to 0 and up": (world) => {
    world.scale(0);
    world.settle();
    world.scale(3);
  },
  pause: (world) => world.pause(true),
  "policy edited": (world) => world.editPolicy({ failureBudget: 2, retry: "Never" }),
  "policy deleted": (world) => world.deletePolicy(),
  "control killed": (world) => {
    for (const only of [0, 1, 2]) world.releaseController(only);
  },
};

/** `v2 Releasing` … what became of the newest releases (oldest first), and the template that is there then. */
const TABLE: Readonly<Record<Name, Readonly<Record<keyof typeof EVENTS, string>>>> = {
  Deploying: {
    "apply same": "v2 Deploying",
    "apply older": "v2 Reverted",
    "apply newer": "v2 Superseded, v4 Releasing",
    undo: "v2 Reverted",
    scale: "v2 Deploying",
    "scale to 0 and up": "v2 Reverted",
    pause: "v2 Deploying",
    "policy edited": "v2 Deploying",
    "policy deleted": "v2 Reverted",
    "control killed": "v2 Deploying",
  },
  Testing: {
    "apply same": "v2 Testing",
    "apply older": "v2 Reverted",
    "apply newer": "v2 Superseded, v4 Testing",
    undo: "v2 Reverted",
    scale: "v2 Testing",
    "scale to 0 and up": "v2 Reverted",
    pause: "v2 Testing",
    "policy edited": "v2 Testing",
    "policy deleted": "v2 Reverted",
    "control killed": "v2 Testing",
  },
  Releasing: {
    "apply same": "v2 Releasing",
    "apply older": "v2 Reverted",
    "apply newer": "v2 Superseded, v4 Releasing",
    undo: "v2 Reverted",
    scale: "v2 Releasing",
    "scale to 0 and up": "v2 Reverted",
    pause: "v2 Releasing",
    "policy edited": "v2 Releasing",
    "policy deleted": "v2 Reverted",
    "control killed": "v2 Releasing",
  },
  Baking: {
    "apply same": "v2 Baking",
    "apply older": "v2 Reverted",
    "apply newer": "v2 Superseded, v4 Baking",
    undo: "v2 Reverted",
    scale: "v2 Baking",
    "scale to 0 and up": "v2 Succeeded",
    pause: "v2 Baking",
    "policy edited": "v2 Baking",
    "policy deleted": "v2 Succeeded",
    "control killed": "v2 Baking",
  },
  Paused: {
    "apply same": "v2 Held",
    "apply older": "v2 Reverted",
    "apply newer": "v2 Superseded, v4 Releasing",
    undo: "v2 Reverted",
    scale: "v2 Held",
    "scale to 0 and up": "v2 Reverted",
    pause: "v2 Held",
    "policy edited": "v2 Held",
    "policy deleted": "v2 Reverted",
    "control killed": "v2 Held",
  },
  Stuck: {
    "apply same": "v2 Held",
    "apply older": "v2 Reverted",
    "apply newer": "v2 Superseded, v4 Releasing",
    undo: "v2 Reverted",
    scale: "v2 Held",
    "scale to 0 and up": "v2 Reverted",
    pause: "v2 Held",
    "policy edited": "v2 Held",
    "policy deleted": "v2 Reverted",
    "control killed": "v2 Held",
  },
  Failed: {
    "apply same": "v2 Held",
    "apply older": "v2 Reverted",
    "apply newer": "v2 Superseded, v4 Held",
    undo: "v2 Reverted",
    scale: "v2 Held",
    "scale to 0 and up": "v2 Reverted",
    pause: "v2 Held",
    "policy edited": "v2 Held",
    "policy deleted": "v2 Reverted",
    "control killed": "v2 Held",
  },
  Reverting: {
    "apply same": "v2 Reverted",
    "apply older": "v2 Reverted",
    "apply newer": "v2 Reverted, v4 Reverted",
    undo: "v2 Reverted",
    scale: "v2 Reverted",
    "scale to 0 and up": "v2 Reverted",
    pause: "v2 Reverted",
    "policy edited": "v2 Reverted",
    "policy deleted": "v2 Reverted",
    "control killed": "v2 Reverted",
  },
  Reverted: {
    "apply same": "v2 Reverted",
    "apply older": "v2 Reverted",
    "apply newer": "v2 Reverted, v4 Reverted",
    undo: "v2 Reverted",
    scale: "v2 Reverted",
    "scale to 0 and up": "v2 Reverted",
    pause: "v2 Reverted",
    "policy edited": "v2 Reverted",
    "policy deleted": "v2 Reverted",
    "control killed": "v2 Reverted",
  },
  Succeeded: {
    "apply same": "v2 Succeeded",
    "apply older": "v2 Succeeded, v1 Succeeded",
    "apply newer": "v2 Succeeded, v4 Succeeded",
    undo: "v2 Succeeded, v1 Succeeded",
    scale: "v2 Succeeded",
    "scale to 0 and up": "v2 Succeeded",
    pause: "v2 Succeeded",
    "policy edited": "v2 Succeeded",
    "policy deleted": "v2 Succeeded",
    "control killed": "v2 Succeeded",
  },
  Superseded: {
    "apply same": "v2 Superseded, v3 Deploying",
    "apply older": "v2 Superseded, v3 Reverted",
    "apply newer": "v2 Superseded, v3 Superseded, v4 Releasing",
    undo: "v2 Superseded, v3 Reverted",
    scale: "v2 Superseded, v3 Deploying",
    "scale to 0 and up": "v2 Superseded, v3 Reverted",
    pause: "v2 Superseded, v3 Deploying",
    "policy edited": "v2 Superseded, v3 Deploying",
    "policy deleted": "v2 Superseded, v3 Reverted",
    "control killed": "v2 Superseded, v3 Deploying",
  },
};

/** Releases in the order in which they began. */
function story(world: ReleaseWorld): string {
  return world
    .all<Release>("releases")
    .map(({ spec, status }) => `${spec.version} ${status?.phase}`)
    .join(", ");
}

const LIVE = ["Deploying", "Testing", "Releasing", "Baking", "Held", "Reverting"];

describe.each(Object.entries(TABLE))("%s", (name, row) => {
  test.each(Object.entries(row))("%s", (event, expected) => {
    const world = IN[name as Name]();
    EVENTS[event]?.(world);
    world.settle();
    world.pass(15_000);
    expect(story(world)).toBe(expected);
    const live = LIVE.includes(expected.split(" ").at(-1) ?? "");
    expect(isShut(world.deployment)).toBe(live);
    if (event === "scale") expect(world.readyOf(world.stableVersion)).toHaveLength(5);
    if (event === "scale to 0 and up") expect(world.readyOf(world.image)).toHaveLength(3);
    if (event === "policy deleted") {
      expect(world.policy).toBeUndefined();
      expect(world.all("httproutes")).toEqual([]);
      expect(world.all("services").map(({ metadata }) => metadata.name)).toEqual(["shop"]);
    }
    if (!live) expect([...world.served()]).toEqual([`shop:${world.image}`]);
  });
});
