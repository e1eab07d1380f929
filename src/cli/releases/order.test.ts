import { expect, test } from "vitest";
import type { Release } from "../../api/generated/sluice-dev.ts";
import { outcome, type Verb } from "./order.ts";

type Status = NonNullable<Release["status"]>;

const release = (
  phase: NonNullable<Status["phase"]>,
  message: string,
  ...decided: [what: string, why: string][]
): Release =>
  ({
    metadata: { name: "shop-2" },
    spec: { targetRef: { name: "shop" } },
    status: { phase, message, decisions: decided.map(([what, why]) => ({ time: "2026-01-01T00:00:00Z", what, why })) },
  }) as unknown as Release;

const begun: [string, string] = ["Deploying", "a new template"];

test.each<[string, Verb, Release, Release, string]>([
  [
    "says where the release is now",
    "pause",
    release("Releasing", "at 5 %", begun),
    release("Held", "paused by ann", begun, ["Held", "paused by ann"]),
    'release "shop-2" paused: Held, paused by ann\n',
  ],
  [
    "says of a release that has ended what was begun instead",
    "retry",
    release("Reverted", "everyone is on v1", begun),
    release("Reverted", "everyone is on v1", begun, ["retry", "its template is deployed again, as a new release"]),
    'release "shop-2" tried again: its template is deployed again, as a new release\n',
  ],
])("%s", (_, verb, before, after, text) => {
  expect(outcome(verb, before, after)).toBe(text);
});

test("fails when nothing was done, with the reason", () => {
  const before = release("Releasing", "at 5 %", begun);
  const after = release("Releasing", "at 5 %", begun, ["resume: nothing done", "it is not held"]);
  expect(() => outcome("resume", before, after)).toThrow('release "shop-2": nothing done, it is not held');
});
