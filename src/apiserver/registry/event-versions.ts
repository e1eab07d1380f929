import type { KubeObject } from "../../api/object.ts";

/**
 * Events are one thing in two groups: stored as core/v1, seen as events.k8s.io/v1 too.
 * https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/
 */

type Fields = Readonly<Record<string, unknown>>;

/** Field of core/v1 → field of events.k8s.io/v1, where the names differ. */
const RENAMED = [
  ["involvedObject", "regarding"],
  ["message", "note"],
  ["reportingComponent", "reportingController"],
  ["source", "deprecatedSource"],
  ["firstTimestamp", "deprecatedFirstTimestamp"],
  ["lastTimestamp", "deprecatedLastTimestamp"],
  ["count", "deprecatedCount"],
] as const;

const TO_EVENTS: ReadonlyMap<string, string> = new Map(RENAMED);
const TO_CORE: ReadonlyMap<string, string> = new Map(RENAMED.map(([core, events]) => [events, core]));

/** Fields that each version shows even when they are empty. */
const SHOWN_IN_CORE: Fields = {
  involvedObject: {},
  source: {},
  firstTimestamp: null,
  lastTimestamp: null,
  eventTime: null,
  reportingComponent: "",
  reportingInstance: "",
};
const SHOWN_IN_EVENTS: Fields = {
  regarding: {},
  deprecatedSource: {},
  deprecatedFirstTimestamp: null,
  deprecatedLastTimestamp: null,
  eventTime: null,
};

export function eventFromCore(object: KubeObject): KubeObject {
  return renamed(object, "events.k8s.io/v1", TO_EVENTS, SHOWN_IN_EVENTS);
}

export function eventToCore(object: KubeObject): KubeObject {
  return renamed(object, "v1", TO_CORE, SHOWN_IN_CORE);
}

function renamed(
  object: KubeObject,
  apiVersion: string,
  names: ReadonlyMap<string, string>,
  shown: Fields,
): KubeObject {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries({ ...object, apiVersion })) {
    const newName = names.get(name) ?? name;
    if (value !== "" || newName in shown) fields[newName] = value;
  }
  return { ...shown, ...fields, apiVersion, kind: object.kind, metadata: object.metadata };
}
