import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type FailedAttempt, isHarmless, isIdempotent, nextStep } from "./retry.ts";

const base: FailedAttempt = {
  failure: "reset",
  attempts: 1,
  idempotent: true,
  replayable: true,
  reused: false,
  another: true,
  version: undefined,
  retryOnStable: false,
  stableReady: true,
  shut: false,
};
const ofNew: Partial<FailedAttempt> = { version: "new", retryOnStable: true };

const cases: readonly [string, Partial<FailedAttempt>, string][] = [
  ["refused: another endpoint, whatever the method", { failure: "refused", idempotent: false }, "again"],
  ["refused by the only endpoint: told to the client", { failure: "refused", another: false }, "answer"],
  ["no endpoint: told to the client", { failure: "unavailable", another: false }, "answer"],
  ["closed when it was sent on a used connection: once more", { reused: true, another: false }, "again"],
  ["… but not what must not be done twice", { reused: true, idempotent: false }, "answer"],
  ["closed on a fresh connection: another endpoint, within the budget", {}, "again, paid"],
  ["closed on a fresh connection, and no other endpoint", { another: false }, "answer"],
  ["closed, and not idempotent", { idempotent: false }, "answer"],
  ["the content is not kept any more", { replayable: false, reused: true }, "answer"],
  ["too many attempts", { attempts: 4, reused: true }, "answer"],
  ["no answer in time: told to the client", { failure: "timeout" }, "answer"],
  ["no HTTP: told to the client", { failure: "malformed" }, "answer"],
  ["the old version answers 500: so be it", { failure: "answered", version: "old", retryOnStable: true }, "answer"],
  ["the new version answers 500: the old one", { ...ofNew, failure: "answered" }, "stable, paid"],
  ["… not what must not be done twice", { ...ofNew, failure: "answered", idempotent: false }, "answer"],
  ["… not with retry Never", { ...ofNew, failure: "answered", retryOnStable: false }, "answer"],
  ["the new version does not answer in time", { ...ofNew, failure: "timeout" }, "stable, paid"],
  ["the new version closes", { ...ofNew }, "stable, paid"],
  ["the new version closes a used connection: that is no failure", { ...ofNew, reused: true }, "again"],
  ["the new version closes, with retry Never: like any backend", { ...ofNew, retryOnStable: false }, "again, paid"],
  ["one pod of the new version refuses: another of it", { ...ofNew, failure: "refused" }, "again"],
  [
    "all pods of the new version refuse: the old one, whatever the method",
    { ...ofNew, failure: "refused", another: false, idempotent: false },
    "stable",
  ],
  [
    "… also with retry Never: no 503 while the old one is there",
    { ...ofNew, failure: "refused", another: false, retryOnStable: false },
    "stable",
  ],
  ["… however many of them there are", { ...ofNew, failure: "refused", attempts: 4 }, "stable"],
  [
    "… but not when the old one has none either",
    { ...ofNew, failure: "refused", another: false, stableReady: false },
    "answer",
  ],
  [
    "the new version answers 500 and the old one has no pods: so be it",
    { ...ofNew, failure: "answered", stableReady: false },
    "answer",
  ],
  ["the new version has no pods", { ...ofNew, failure: "unavailable", another: false, retryOnStable: false }, "stable"],
  [
    "the gate was shut meanwhile: never again to the new version",
    { ...ofNew, failure: "refused", shut: true },
    "stable",
  ],
  ["… nor after the usual race", { ...ofNew, reused: true, retryOnStable: false, shut: true }, "stable"],
  [
    "… but what may have had an effect stays failed with retry Never",
    { ...ofNew, retryOnStable: false, shut: true },
    "answer",
  ],
];
test.each(cases)("%s", (_, change, want) => {
  const { to, paid } = nextStep({ ...base, ...change });
  expect(paid ? `${to}, paid` : to).toBe(want);
});

describe("always", () => {
  const attempt: fc.Arbitrary<FailedAttempt> = fc.record({
    failure: fc.constantFrom("unavailable", "refused", "reset", "malformed", "timeout", "answered"),
    attempts: fc.integer({ min: 1, max: 6 }),
    idempotent: fc.boolean(),
    replayable: fc.boolean(),
    reused: fc.boolean(),
    another: fc.boolean(),
    version: fc.constantFrom("new", "old", undefined),
    retryOnStable: fc.boolean(),
    stableReady: fc.boolean(),
    shut: fc.boolean(),
  });
  const always = (property: (attempt: FailedAttempt, to: string) => boolean): void =>
    fc.assert(fc.property(attempt, (a) => property(a, nextStep(a).to)));

  test("a request that may have had an effect is not repeated unless its method allows it", () =>
    always((a, to) => to === "answer" || a.idempotent || a.failure === "refused" || a.failure === "unavailable"));
  test("a request of the old version, or of none, never goes to stable", () =>
    always((a, to) => to !== "stable" || a.version === "new"));
  test("behind a shut gate nothing goes to the new version again", () =>
    always((a, to) => !(a.version === "new" && a.shut && a.stableReady && to === "again")));
  test("it ends", () => always((a, to) => a.attempts < 4 || to !== "again"));
  test("what is harmless is tried again", () =>
    fc.assert(fc.property(attempt, (a) => !isHarmless(a, nextStep(a)) || nextStep(a).to === "again")));
});

test.each(["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"])("%s is idempotent", (m) =>
  expect(isIdempotent(m)).toBe(true),
);
test.each(["POST", "PATCH", "get", "PROPFIND"])("%s is not", (m) => expect(isIdempotent(m)).toBe(false));
