import { expect, test } from "vitest";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { pod } from "../../../test/support/fixtures/pods.ts";
import { seededRandom } from "../../../test/support/seeded-random.ts";
import type { Pod, PodStatus } from "../../api/generated/core-v1.ts";
import { StatusError } from "../../api/status-error.ts";
import type { ApiClient } from "../../client/api-client.ts";
import { silentLogger } from "../../observe/logger.ts";
import { PodStatusWriter } from "./pod-status-writer.ts";

const running: PodStatus = {
  phase: "Running",
  conditions: [{ type: "Ready", status: "True", lastTransitionTime: "t" }],
};
const failed: PodStatus = {
  phase: "Failed",
  conditions: [{ type: "Ready", status: "False", reason: "PodFailed", lastTransitionTime: "u" }],
};

function start(answers: readonly (StatusError | undefined)[] = []) {
  const clock = new FakeClock();
  const bodies: { metadata: { uid: string }; status: PodStatus }[] = [];
  const gates: (() => void)[] = [];
  let hold = false;
  let current: Pod = pod();
  const client = {
    get: () => Promise.resolve(current),
    patch: async (_: unknown, __: string, ___: string, { body }: { body: (typeof bodies)[number] }) => {
      if (hold) await new Promise<void>((resolve) => gates.push(resolve));
      bodies.push(body);
      const error = answers[bodies.length - 1];
      if (error) throw error;
      current = {
        ...current,
        status: body.status,
        metadata: { ...current.metadata, resourceVersion: String(bodies.length * 10) },
      };
      return current;
    },
  } as unknown as ApiClient;
  const writer = new PodStatusWriter(pod(), { client, clock, random: seededRandom(), log: silentLogger });
  return {
    writer,
    clock,
    bodies,
    phases: () => bodies.map(({ status }) => status.phase),
    hold: () => {
      hold = true;
    },
    release: () => {
      hold = false;
      for (const gate of gates.splice(0)) gate();
    },
    stored: () => current,
    replace: (other: Pod) => {
      current = other;
    },
  };
}

test("writes a status once, bound to the pod's uid, and takes away what no longer holds", async () => {
  const { writer, bodies, stored } = start();
  writer.offer(pod(), running);
  await writer.flush();
  writer.offer(stored(), running);
  await writer.flush();
  expect(bodies).toEqual([
    {
      metadata: { uid: "uid-shop-1" },
      status: {
        phase: "Running",
        conditions: [{ type: "Ready", status: "True", reason: null, message: null, lastTransitionTime: "t" }],
      },
    },
  ]);
});

test("what changes while a write is under way goes into the next, in one", async () => {
  const { writer, phases, hold, release } = start();
  hold();
  writer.offer(pod(), { phase: "Pending" });
  writer.offer(pod(), running);
  writer.offer(pod(), failed);
  await new Promise((resolve) => setImmediate(resolve));
  release();
  await writer.flush();
  expect(phases().at(-1)).toBe("Failed");
  expect(phases().length).toBeLessThanOrEqual(2);
});

test("what changes in the moment in which a write ends is written too", async () => {
  for (let moment = 0; moment < 20; moment++) {
    const { writer, phases, hold, release } = start();
    hold();
    writer.offer(pod(), running);
    await new Promise((resolve) => setImmediate(resolve));
    release();
    for (let i = 0; i < moment; i++) await Promise.resolve();
    writer.offer(pod(), failed);
    await new Promise((resolve) => setImmediate(resolve));
    await writer.flush();
    expect({ moment, last: phases().at(-1) }).toEqual({ moment, last: "Failed" });
  }
});

test("tries again, later and later, until the API takes it", async () => {
  const refuse = new StatusError("ServiceUnavailable", "no");
  const { writer, clock, phases } = start([refuse, refuse]);
  writer.offer(pod(), running);
  await clock.advance(99);
  expect(phases()).toHaveLength(1);
  await clock.advance(500);
  expect(phases()).toHaveLength(3);
  await writer.flush();
});

test("gives up on a pod that is gone, or whose name another one has now", async () => {
  const gone = start([new StatusError("NotFound", "no")]);
  gone.writer.offer(pod(), running);
  await gone.writer.flush();
  expect(gone.phases()).toHaveLength(1);
  const other = start([new StatusError("Conflict", "no")]);
  other.replace(pod({ metadata: { uid: "other" } }));
  other.writer.offer(pod(), running);
  await other.writer.flush();
  expect(other.phases()).toHaveLength(1);
});

test("puts right what somebody else has written over, and leaves the conditions of others alone", async () => {
  const { writer, bodies, stored } = start();
  writer.offer(pod(), running);
  await writer.flush();
  const { metadata } = stored();
  const version = String(Number(metadata.resourceVersion) + 1);
  writer.offer({ ...stored(), metadata: { ...metadata, resourceVersion: version }, status: failed }, running);
  await writer.flush();
  expect(bodies).toHaveLength(2);
  // The cache may be behind our own write: an older version proves nothing.
  writer.offer({ ...stored(), metadata: { ...metadata, resourceVersion: "1" }, status: failed }, running);
  await writer.flush();
  expect(bodies).toHaveLength(2);
});

test("stops when told to", async () => {
  const { writer, clock } = start([new StatusError("ServiceUnavailable", "no")]);
  writer.offer(pod(), running);
  await clock.advance(1);
  writer.stop();
  await writer.flush();
  expect(clock.pending).toBe(0);
});
