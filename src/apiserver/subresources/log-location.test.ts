import { describe, expect, test } from "vitest";
import { objectOf, viewOf } from "../../../test/support/admission.ts";
import type { KubeObject } from "../../api/object.ts";
import { logLocation } from "./log-location.ts";

const node = (status: object): KubeObject => objectOf("v1", "Node", "n", { status });
const ready = node({
  daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
  addresses: [
    { type: "Hostname", address: "n.local" },
    { type: "InternalIP", address: "127.0.0.2" },
  ],
});
const pod = (spec: object): KubeObject => objectOf("v1", "Pod", "p", { spec: { nodeName: "n", ...spec } });
const one = { containers: [{ name: "main" }] };
const many = {
  containers: [{ name: "main" }, { name: "side" }],
  initContainers: [{ name: "init" }],
  ephemeralContainers: [{ name: "debug" }],
};

test("a log is at the kubelet of the pod's node", () => {
  expect(logLocation(pod(one), undefined, viewOf([ready]))).toEqual({
    host: "127.0.0.2",
    port: 10250,
    path: "/containerLogs/a/p/main",
  });
});

test("a pod without a node has none", () => {
  expect(logLocation(pod({ ...one, nodeName: "" }), undefined, viewOf([]))).toBeUndefined();
});

describe("of several containers", () => {
  test.each(["side", "init", "debug"])("%s can be named", (name) => {
    expect(logLocation(pod(many), name, viewOf([ready]))?.path).toBe(`/containerLogs/a/p/${name}`);
  });

  test("one must be named", () => {
    expect(() => logLocation(pod(many), undefined, viewOf([ready]))).toThrow(
      "a container name must be specified for pod p, choose one of: [main side] or one of the init containers: [init] " +
        "or one of the ephemeral containers: [debug]",
    );
  });

  test("it must be there", () => {
    expect(() => logLocation(pod(many), "other", viewOf([ready]))).toThrow("container other is not valid for pod p");
  });
});

test("a node must be there and say where its kubelet is", () => {
  expect(() => logLocation(pod(one), undefined, viewOf([]))).toThrow('nodes "n" not found');
  expect(() => logLocation(pod(one), undefined, viewOf([node({})]))).toThrow(
    "node n does not say where its kubelet answers",
  );
});
