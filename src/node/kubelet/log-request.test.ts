import { describe, expect, test } from "vitest";
import { pod } from "../../../test/support/fixtures/pods.ts";
import { EPOCH } from "../../../test/support/fixtures/workloads.ts";
import type { ContainerStatus } from "../../api/generated/core-v1.ts";
import { chooseInstance, parseLogRequest } from "./log-request.ts";

const none = { follow: false, previous: false, timestamps: false };

test.each([
  ["", none],
  ["follow=true&previous=1&timestamps=false", { ...none, follow: true, previous: true }],
  ["tailLines=5&limitBytes=10", { ...none, tailLines: 5, limitBytes: 10 }],
  ["sinceSeconds=60", { ...none, since: EPOCH - 60_000 }],
  ["sinceTime=2026-01-01T00:00:01Z", { ...none, since: EPOCH + 1000 }],
])("%j", (query, want) => expect(parseLogRequest(new URLSearchParams(query), EPOCH)).toEqual(want));

test.each(["tailLines=-1", "limitBytes=x", "sinceTime=yesterday"])("%s is refused", (query) => {
  expect(() => parseLogRequest(new URLSearchParams(query), EPOCH)).toThrow("Unable to decode query");
});

describe("the instance whose log is meant", () => {
  const status = (change: Partial<ContainerStatus>) => ({
    containerStatuses: [{ name: "main", image: "", imageID: "", ready: false, restartCount: 3, ...change }],
  });
  const ended = (instance: number) => ({ terminated: { exitCode: 1, containerID: `process://u/main/${instance}` } });
  const choose = (change: Partial<ContainerStatus>, previous = false) =>
    chooseInstance(pod(), status(change), "main", previous);
  test.each<[string, number, number]>([
    ["running", choose({ state: { running: {} }, containerID: "process://u/main/3" }), 3],
    ["ended", choose({ state: ended(3), containerID: "process://u/main/3" }), 3],
    [
      "waiting after a crash",
      choose({ state: { waiting: {} }, lastState: ended(3), containerID: "process://u/main/3" }),
      3,
    ],
    ["starting, its hook still runs", choose({ state: { waiting: {} }, containerID: "process://u/main/0" }), 0],
    [
      "the one before",
      choose({ state: { running: {} }, lastState: ended(2), containerID: "process://u/main/3" }, true),
      2,
    ],
  ])("%s", (_, got, want) => expect(got).toBe(want));
  test.each([
    [
      { state: { waiting: { reason: "ErrImagePull" } } },
      false,
      `container "main" in pod "shop-1" is waiting to start: image can't be pulled`,
    ],
    [
      { state: { waiting: { reason: "ImagePullBackOff" } } },
      false,
      'container "main" in pod "shop-1" is waiting to start: trying and failing to pull image',
    ],
    [
      { state: { waiting: { reason: "PodInitializing" } } },
      false,
      'container "main" in pod "shop-1" is waiting to start: PodInitializing',
    ],
    [{ state: { running: {} } }, true, 'previous terminated container "main" in pod "shop-1" not found'],
  ])("%j %s is refused", (change, previous, message) => expect(() => choose(change, previous)).toThrow(message));
  test("a container that is not there, or not yet", () => {
    expect(() => chooseInstance(pod(), undefined, "other", false)).toThrow(
      'container "other" not found in pod "shop-1"',
    );
    expect(() => chooseInstance(pod(), undefined, "main", false)).toThrow(
      'container "main" in pod "shop-1" is not available',
    );
  });
});
