import { expect, test } from "vitest";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { pod } from "../../test/support/fixtures/pods.ts";
import type { Event } from "../api/generated/core-v1.ts";
import { StatusError } from "../api/status-error.ts";
import { silentLogger } from "../observe/logger.ts";
import type { ApiClient } from "./api-client.ts";
import { EventRecorder } from "./event-recorder.ts";

/** Takes events like an API server that may forget them; `failures` come first. */
function eventStore(...failures: StatusError[]) {
  const stored: Event[] = [];
  const client = {
    create: (_: unknown, event: Event) => {
      const failure = failures.shift();
      if (failure) return Promise.reject(failure);
      stored.push(structuredClone(event));
      return Promise.resolve(event);
    },
    patch: (_: unknown, name: string, __: unknown, { body }: { body: Partial<Event> }) => {
      const index = stored.findIndex(({ metadata }) => metadata.name === name);
      if (index < 0) return Promise.reject(new StatusError("NotFound", "gone"));
      stored[index] = { ...stored[index]!, ...body };
      return Promise.resolve(stored[index]);
    },
  } as unknown as ApiClient;
  return { stored, client };
}

const start = (component = "kubelet", ...failures: StatusError[]) => {
  const { stored, client } = eventStore(...failures);
  const clock = new FakeClock();
  const recorder = new EventRecorder(client, { component, host: "here", clock, log: silentLogger });
  return { stored, clock, recorder };
};
const pulled = { type: "Normal", reason: "Pulled", message: "m" } as const;

test("writes an event as the kubelet does", async () => {
  const { stored, recorder } = start();
  recorder.record(pod(), pulled, "spec.containers{main}");
  await recorder[Symbol.asyncDispose]();
  expect(stored).toEqual([
    {
      apiVersion: "v1",
      kind: "Event",
      metadata: { name: expect.stringMatching(/^shop-1\.[0-9a-f]+$/), namespace: "default" },
      involvedObject: {
        kind: "Pod",
        namespace: "default",
        name: "shop-1",
        uid: "uid-shop-1",
        apiVersion: "v1",
        resourceVersion: "1",
        fieldPath: "spec.containers{main}",
      },
      type: "Normal",
      reason: "Pulled",
      message: "m",
      source: { component: "kubelet", host: "here" },
      firstTimestamp: "2026-01-01T00:00:00Z",
      lastTimestamp: "2026-01-01T00:00:00Z",
      count: 1,
      reportingComponent: "kubelet",
      reportingInstance: "here",
    },
  ]);
});

test("counts the same event, also of a newer version of the object, and starts again when it is forgotten", async () => {
  const { stored, clock, recorder } = start();
  recorder.record(pod(), pulled);
  await clock.advance(5000);
  recorder.record(pod({ metadata: { resourceVersion: "2" } }), pulled);
  await clock.advance(1);
  expect(stored.map(({ count, lastTimestamp }) => [count, lastTimestamp])).toEqual([[2, "2026-01-01T00:00:05Z"]]);
  stored.length = 0;
  recorder.record(pod(), pulled);
  await recorder[Symbol.asyncDispose]();
  expect(stored.map(({ count }) => count)).toEqual([1]);
});

test("holds a flood back", async () => {
  const { stored, clock, recorder } = start();
  for (let i = 0; i < 40; i++) recorder.record(pod(), { ...pulled, reason: `R${i}` });
  await clock.advance(1);
  expect(stored).toHaveLength(25);
  await clock.advance(300_000);
  for (let i = 0; i < 3; i++) recorder.record(pod(), { ...pulled, reason: `S${i}` });
  recorder.record(pod({ metadata: { name: "other", uid: "other" } }), pulled);
  await recorder[Symbol.asyncDispose]();
  expect(stored).toHaveLength(27);
});

test("counts similar ones together when there are many", async () => {
  const { stored, recorder } = start();
  for (let i = 0; i < 12; i++) recorder.record(pod(), { ...pulled, message: `m${i}` });
  await recorder[Symbol.asyncDispose]();
  expect(stored.map(({ message, count }) => [message, count]).slice(9)).toEqual([
    ["(combined from similar events): m11", 3],
  ]);
  expect(stored[9]).toMatchObject({ source: { component: "kubelet" }, reportingComponent: "", reportingInstance: "" });
});

test("writes nothing after its end", async () => {
  const { stored, recorder } = start();
  await recorder[Symbol.asyncDispose]();
  recorder.record(pod(), pulled);
  expect(stored).toEqual([]);
});

test("events that come at once are counted as one", async () => {
  const { stored, recorder } = start();
  for (let i = 0; i < 3; i++) recorder.record(pod(), pulled);
  await recorder[Symbol.asyncDispose]();
  expect(stored.map(({ count }) => count)).toEqual([3]);
});

test("an event with an action is one of the newer API", async () => {
  const { stored, clock, recorder } = start("default-scheduler");
  const placed = { type: "Normal", reason: "Scheduled", message: "m", action: "Binding" } as const;
  recorder.record(pod(), placed);
  await clock.advance(1000);
  expect(stored[0]).toMatchObject({
    action: "Binding",
    eventTime: "2026-01-01T00:00:00.000000Z",
    reportingComponent: "default-scheduler",
    reportingInstance: "default-scheduler-here",
  });
  expect(stored[0]).not.toHaveProperty("count");
  recorder.record(pod(), placed);
  await recorder[Symbol.asyncDispose]();
  expect(stored[0]).toMatchObject({ series: { count: 2, lastObservedTime: "2026-01-01T00:00:01.000000Z" } });
});

test("a name that is taken is drawn anew; what is refused is lost", async () => {
  const { stored, recorder } = start("kubelet", new StatusError("AlreadyExists", "taken"));
  recorder.record(pod(), pulled);
  await recorder[Symbol.asyncDispose]();
  expect(stored).toHaveLength(1);
  const other = start("kubelet", new StatusError("Forbidden", "the namespace goes"));
  other.recorder.record(pod(), pulled);
  await other.recorder[Symbol.asyncDispose]();
  expect(other.stored).toHaveLength(0);
});
