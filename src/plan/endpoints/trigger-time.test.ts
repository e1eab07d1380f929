import fc from "fast-check";
import { expect, test } from "vitest";
import { service } from "../../../test/support/fixtures/services.ts";
import { at, pod } from "../../../test/support/fixtures/workloads.ts";
import { type Triggers, triggersOf, triggerTime, withTriggerTime } from "./trigger-time.ts";

const triggers = (pods: Record<string, number>, created = 1): Triggers => ({
  service: at(created),
  pods: Object.fromEntries(Object.entries(pods).map(([name, time]) => [name, at(time)])),
});

test.each<[string, Triggers | undefined, Triggers, string | undefined]>([
  ["the first pass: the Service's own time, whatever its pods say", undefined, triggers({ a: 9 }), at(1)],
  ["nothing has changed", triggers({ a: 9 }), triggers({ a: 9 }), undefined],
  ["a pod became ready", triggers({ a: 9 }), triggers({ a: 12 }), at(12)],
  ["a new pod", triggers({ a: 9 }), triggers({ a: 9, b: 11 }), at(11)],
  ["a pod has gone", triggers({ a: 9, b: 11 }), triggers({ a: 9 }), undefined],
  ["of two changes the earlier one", triggers({ a: 9, b: 9 }), triggers({ a: 14, b: 12 }), at(12)],
  ["a Service of the same name, made anew", triggers({}), triggers({}, 20), at(20)],
])("%s", (_, before, now, time) => {
  expect(triggerTime(before, now)).toBe(time);
});

test("a pod without the condition Ready triggers nothing", () => {
  const fresh = pod("b", { status: { conditions: [] } });
  expect(triggersOf(service({}, { creationTimestamp: at(1) }), [pod("a", { readyAt: 4 }), fresh])).toEqual(
    triggers({ a: 4 }),
  );
});

test("the annotation is renewed or taken away, others stay", () => {
  const noted = { own: "x", "endpoints.kubernetes.io/last-change-trigger-time": at(1) };
  expect(withTriggerTime(noted, at(2))).toEqual({
    ...noted,
    "endpoints.kubernetes.io/last-change-trigger-time": at(2),
  });
  expect(withTriggerTime(noted, undefined)).toEqual({ own: "x" });
});

const times = fc.dictionary(fc.constantFrom("a", "b", "c"), fc.nat(50));

test("what was noted once is never noted again", () => {
  fc.assert(
    fc.property(times, times, (before, now) => {
      const seen = triggers(now);
      const time = triggerTime(triggers(before), seen);
      if (time !== undefined) expect(Object.values(seen.pods)).toContain(time);
      expect(triggerTime(seen, seen)).toBeUndefined();
    }),
  );
});
