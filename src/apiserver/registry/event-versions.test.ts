import { expect, test } from "vitest";
import type { KubeObject } from "../../api/object.ts";
import { eventFromCore, eventToCore } from "./event-versions.ts";

const metadata = {
  name: "e",
  namespace: "a",
  uid: "u",
  resourceVersion: "1",
  creationTimestamp: "2026-01-01T00:00:00Z",
};
const core = {
  apiVersion: "v1",
  kind: "Event",
  metadata,
  involvedObject: { kind: "Pod", name: "p" },
  reason: "R",
  message: "m",
  type: "Normal",
  count: 1,
  source: {},
  firstTimestamp: null,
  lastTimestamp: null,
  eventTime: null,
  reportingComponent: "",
  reportingInstance: "",
} as KubeObject;

test("an event of the core group has the names of the other group in its view", () => {
  expect(eventFromCore(core)).toEqual({
    apiVersion: "events.k8s.io/v1",
    kind: "Event",
    metadata,
    regarding: { kind: "Pod", name: "p" },
    reason: "R",
    note: "m",
    type: "Normal",
    deprecatedCount: 1,
    deprecatedSource: {},
    deprecatedFirstTimestamp: null,
    deprecatedLastTimestamp: null,
    eventTime: null,
  });
});

test("nothing is lost there and back", () => expect(eventToCore(eventFromCore(core))).toEqual(core));
