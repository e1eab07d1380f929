import { expect, test } from "vitest";
import type { KubeObject } from "../object.ts";
import type { ResourceInfo } from "../table/type-table.ts";
import { fieldSelectorParameter, labelSelectorParameter } from "./selectors.ts";

const info = (group: string, kind: string, custom = false): ResourceInfo =>
  ({ group, version: "v1", kind, namespaced: kind !== "Node", custom }) as ResourceInfo;

const object = (fields: object): KubeObject => ({
  apiVersion: "v1",
  kind: "X",
  metadata: { name: "n", namespace: "ns", uid: "u", resourceVersion: "1", creationTimestamp: "" },
  ...fields,
});

test.each([
  ["", "Pod", "spec.nodeName=a,status.phase!=Failed", { spec: { nodeName: "a" }, status: {} }, true],
  ["", "Pod", "spec.host=a", { spec: { nodeName: "a" } }, true],
  ["", "Pod", "spec.hostNetwork=false", { spec: {} }, true],
  ["", "Pod", "spec.hostNetwork=true", { spec: { hostNetwork: true } }, true],
  ["", "Pod", "status.podIPs=127.0.0.1", { status: { podIPs: [{ ip: "127.0.0.1" }] } }, false],
  ["", "Node", "spec.unschedulable=false", {}, true],
  ["", "Secret", "type=Opaque", { type: "Opaque" }, true],
  ["", "Event", "source=kubelet", { source: {}, reportingComponent: "kubelet" }, true],
  ["", "Event", "involvedObject.uid=1", { involvedObject: { uid: "1" } }, true],
  ["events.k8s.io", "Event", "regarding.name=p", { regarding: { name: "p" } }, true],
  ["batch", "Job", "status.successful=0", {}, true],
  ["batch", "Job", "status.successful=2", { status: { succeeded: 2 } }, true],
  ["apps", "Deployment", "metadata.name=n,metadata.namespace=ns", {}, true],
  ["apps", "Deployment", "metadata.name!=n", {}, false],
])("%s/%s %s", (group, kind, selector, fields, expected) => {
  expect(fieldSelectorParameter(info(group, kind), selector).matches(object(fields))).toBe(expected);
});

test.each([
  ["", "Pod", "spec.foo", "field label not supported: spec.foo"],
  ["", "Node", "metadata.namespace", "field label not supported: metadata.namespace"],
  [
    "apps",
    "ReplicaSet",
    "status.replicas",
    '"status.replicas" is not a known field selector: only "metadata.name", "metadata.namespace"',
  ],
  ["batch", "Job", "x", 'field label "x" not supported for Job'],
  ["resource.k8s.io", "ResourceSlice", "x", "field label not supported for resource.k8s.io/v1, Kind=ResourceSlice: x"],
])("%s/%s has no %s", (group, kind, field, message) => {
  expect(() => fieldSelectorParameter(info(group, kind), `${field}=1`)).toThrow(expect.objectContaining({ message }));
});

test("custom kinds offer name and namespace, in words of their own", () => {
  expect(() => fieldSelectorParameter(info("sluice.dev", "Release", true), "spec.x=1")).toThrow(
    "field label not supported: spec.x",
  );
});

test("bad selectors are bad requests", () => {
  expect(() => labelSelectorParameter("a b")).toThrow(expect.objectContaining({ code: 400, reason: "BadRequest" }));
  expect(() => fieldSelectorParameter(info("", "Pod"), "a")).toThrow(
    expect.objectContaining({ code: 400, message: "invalid selector: 'a'; can't understand 'a'" }),
  );
});
