import { expect, test } from "vitest";
import type { Event } from "../generated/core-v1.ts";
import { validateEvent, validateEventUpdate } from "./event.ts";
import { FieldErrors } from "./field-errors.ts";

const event: Event = {
  apiVersion: "v1",
  kind: "Event",
  metadata: { name: "e", namespace: "a", uid: "u", resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z" },
  involvedObject: { namespace: "a" },
  eventTime: "2026-01-01T00:00:00.000000Z",
  reportingComponent: "x/y",
  reportingInstance: "i",
  action: "A",
  reason: "R",
  type: "Normal",
};
const [OLDER, NEWER] = ["", "events.k8s.io"];
const told = (errors: FieldErrors): string[] => errors.list.map(({ field, body }) => `${field}: ${body}`);
const created = (change: Partial<Event>, group: string): string[] => {
  const errors = new FieldErrors();
  validateEvent({ ...event, ...change }, errors, group);
  return told(errors);
};
const updated = (change: Partial<Event>, group: string): string[] => {
  const errors = new FieldErrors();
  validateEventUpdate({ ...event, ...change }, event, errors, group);
  return told(errors);
};

test("the newer API is strict about new events", () => {
  expect(created({}, NEWER)).toEqual([]);
  const change = { type: "x", count: 1, source: { host: "h" }, firstTimestamp: "2026-01-01T00:00:00Z", series: {} };
  expect(created(change, OLDER)).toEqual([]);
  expect(created(change, NEWER)).toEqual([
    'series.count: Invalid value: "": should be at least 2',
    "series.lastObservedTime: Required value",
    'type: Invalid value: "": has invalid value: x',
    'firstTimestamp: Invalid value: "": needs to be unset',
    'count: Invalid value: "": needs to be unset',
    'source: Invalid value: "": needs to be unset',
  ]);
});

test("each API calls the reporting controller by its own name", () => {
  expect(created({ reportingComponent: "" }, OLDER)[0]).toBe("reportingComponent: Required value");
  expect(created({ reportingComponent: "" }, NEWER)[0]).toBe("reportingController: Required value");
});

test("through the newer API only the series of an event changes", () => {
  expect(updated({ reason: "S", message: "m" }, OLDER)).toEqual([]);
  expect(updated({ reason: "S", message: "m" }, NEWER)).toEqual([
    'reason: Invalid value: "S": field is immutable',
    'message: Invalid value: "m": field is immutable',
    'reason: Invalid value: "S": field is immutable',
  ]);
  expect(updated({ related: { name: "z" }, type: undefined as never }, NEWER)).toEqual([
    'type: Invalid value: "": field is immutable',
    'related: Invalid value: {"Kind":"","Namespace":"","Name":"z","UID":"","APIVersion":"","ResourceVersion":"","FieldPath":""}: ' +
      "field is immutable",
  ]);
  expect(updated({ series: { count: 2, lastObservedTime: "2026-01-01T00:00:00.000000Z" } }, NEWER)).toEqual([]);
  expect(updated({ series: { count: 1 } }, NEWER)).toHaveLength(2);
});
