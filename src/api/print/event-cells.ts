import { asText, at, type Cell, name, numberOf, since, text, valueAt } from "./cell.ts";

/** Where the two views of an event, core/v1 and events.k8s.io/v1, keep the same things. */
interface EventFields {
  readonly first: string;
  readonly last: string;
  readonly count: string;
  readonly source: string;
  readonly object: string;
  readonly message: string;
  readonly controller: string;
}

const CORE: EventFields = {
  first: "firstTimestamp",
  last: "lastTimestamp",
  count: "count",
  source: "source",
  object: "involvedObject",
  message: "message",
  controller: "reportingComponent",
};

const EVENTS: EventFields = {
  first: "deprecatedFirstTimestamp",
  last: "deprecatedLastTimestamp",
  count: "deprecatedCount",
  source: "deprecatedSource",
  object: "regarding",
  message: "note",
  controller: "reportingController",
};

const eventTime = at("eventTime");
const series = at("series");
const instance = at("reportingInstance");

function eventCells(fields: EventFields): readonly Cell[] {
  const [first, last, counted] = [at(fields.first), at(fields.last), at(fields.count)];
  const [source, involved] = [at(fields.source), at(fields.object)];
  const [message, controller] = [at(fields.message), at(fields.controller)];

  const firstSeen: Cell = (object, now) => since(first(object) ?? eventTime(object), now);
  const lastSeen: Cell = (object, now) => {
    const repeated = series(object);
    if (repeated) return since(valueAt(repeated, ["lastObservedTime"]), now);
    const time = last(object);
    return time ? since(time, now) : firstSeen(object, now);
  };
  const times: Cell = (object) => {
    const repeated = series(object);
    return repeated ? numberOf(valueAt(repeated, ["count"])) : numberOf(counted(object)) || 1;
  };
  const target: Cell = (object) => {
    const reference = involved(object);
    const kind = asText(valueAt(reference, ["kind"])).toLowerCase();
    const own = asText(valueAt(reference, ["name"]));
    return own === "" ? kind : `${kind}/${own}`;
  };
  const reporter: Cell = (object) => {
    const component = asText(valueAt(source(object), ["component"])) || asText(controller(object));
    const host = asText(valueAt(source(object), ["host"])) || asText(instance(object));
    return host === "" ? component : `${component}, ${host}`;
  };
  return [
    lastSeen,
    text("type"),
    text("reason"),
    target,
    text(`${fields.object}.fieldPath`),
    reporter,
    (object) => asText(message(object)).trim(),
    firstSeen,
    times,
    name,
  ];
}

export const event: readonly Cell[] = eventCells(CORE);
export const eventOfEventsGroup: readonly Cell[] = eventCells(EVENTS);
