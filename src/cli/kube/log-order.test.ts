import { expect, test } from "vitest";
import type { Pod } from "../../api/generated/core-v1.ts";
import { byLogging } from "./log-order.ts";

interface Facts {
  readonly node?: string;
  readonly phase?: string;
  readonly readySince?: string;
  readonly restarts?: number;
  readonly created?: string;
}

const pod = (name: string, facts: Facts): Pod => {
  const { node = "n", phase = "Running", readySince, restarts = 0, created = "2026-01-01T00:00:00Z" } = facts;
  return {
    metadata: { name, creationTimestamp: created },
    spec: { containers: [], ...(node !== "" && { nodeName: node }) },
    status: {
      phase,
      conditions: readySince ? [{ type: "Ready", status: "True", lastTransitionTime: readySince }] : [],
      containerStatuses: [{ restartCount: restarts }],
    },
  } as unknown as Pod;
};

const cases: readonly (readonly [sentence: string, first: Facts, second: Facts])[] = [
  ["with a node", {}, { node: "" }],
  ["that runs", {}, { phase: "Pending" }],
  ["whose state is known", { phase: "Unknown" }, { phase: "Pending" }],
  ["that is ready", { readySince: "2026-01-01T00:00:09Z" }, {}],
  ["ready for longer", { readySince: "2026-01-01T00:00:01Z" }, { readySince: "2026-01-01T00:00:09Z" }],
  ["restarted more often", { restarts: 2 }, { restarts: 1 }],
  ["older", {}, { created: "2026-01-01T00:00:01Z" }],
];

test.each(cases)("a pod %s is read first", (_, first, second) => {
  const [a, b] = [pod("a", first), pod("b", second)];
  expect([b, a].sort(byLogging)).toEqual([a, b]);
  expect([a, b].sort(byLogging)).toEqual([a, b]);
});
