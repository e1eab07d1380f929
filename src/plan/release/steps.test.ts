import { expect, test } from "vitest";
import { policy } from "../../../test/support/workload.ts";
import { readSteps, stepsText, timeOf } from "./steps.ts";

const read = (steps: unknown) => readSteps(policy({ steps: steps as "auto" }));

test("auto is what a policy says that says nothing", () => {
  expect(read(undefined)).toEqual({ kind: "auto" });
  expect(readSteps(undefined)).toEqual({ kind: "auto" });
  expect(stepsText(read("auto"))).toBe("auto");
});

test("steps as written", () => {
  const steps = read([
    { weight: 1, requests: 500 },
    { weight: 25, for: "2m" },
    { pause: {} },
    { pause: { for: "30s" } },
    { weight: 100 },
  ]);
  expect(steps).toEqual({
    kind: "listed",
    steps: [
      { kind: "weight", w: 0.01, requests: 500, ms: 0 },
      { kind: "weight", w: 0.25, requests: 0, ms: 120_000 },
      { kind: "pause", ms: undefined },
      { kind: "pause", ms: 30_000 },
      { kind: "weight", w: 1, requests: 0, ms: 0 },
    ],
  });
  expect(stepsText(steps)).toBe("1 %, 25 %, pause, pause, 100 %");
});

test.each([
  ["all at once", 'spec.steps: must be "auto" or a list of steps'],
  [[], 'spec.steps: must be "auto" or a list of steps'],
  [[5], "spec.steps[0]: must be an object"],
  [[{ weight: 5 }, {}], "spec.steps[1]: weight must be a number from 0 to 100"],
  [[{ weight: "5" }], "spec.steps[0]: weight must be a number from 0 to 100"],
  [[{ weight: -1 }], "spec.steps[0]: weight must be a number from 0 to 100"],
  [[{ weight: 5, requests: -1 }], "spec.steps[0]: requests must be a number"],
  [[{ weight: 5, for: 60 }], 'spec.steps[0]: for must be a duration, like "2m"'],
  [[{ weight: 5, pause: {} }], "spec.steps[0]: weight and pause exclude each other"],
  [[{ pause: true }], "spec.steps[0]: pause must be an object"],
  [[{ pause: { for: "long" } }], 'spec.steps[0]: pause.for must be a duration, like "2m"'],
  [[{ weight: 5, wait: "2m" }], 'spec.steps[0]: unknown field "wait"'],
])("%j is refused", (steps, problem) => {
  expect(read(steps)).toEqual({ kind: "invalid", problem });
});

test("times have the defaults of the policy's schema", () => {
  expect([
    timeOf(undefined, "soak"),
    timeOf(policy({ patience: "30s" }), "patience"),
    timeOf(policy(), "bake"),
  ]).toEqual([120_000, 30_000, 600_000]);
});
