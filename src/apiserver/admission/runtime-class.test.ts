import { describe, expect, test } from "vitest";
import { admitted, objectOf } from "../../../test/support/admission.ts";
import type { Pod, PodSpec } from "../../api/generated/core-v1.ts";
import type { KubeObject } from "../../api/object.ts";
import { runtimeClass } from "./runtime-class.ts";

const kind = (name: string, rest: object): KubeObject =>
  objectOf("node.k8s.io/v1", "RuntimeClass", name, { handler: "h", ...rest });
const classes = [
  kind("plain", {}),
  kind("costly", { overhead: { podFixed: { cpu: "1" } } }),
  kind("placed", {
    scheduling: {
      nodeSelector: { disk: "fast" },
      tolerations: [
        { key: "a", operator: "Exists" },
        { key: "b", operator: "Equal", value: "x", effect: "NoSchedule" },
      ],
    },
  }),
];
const specOf = (spec: Partial<PodSpec>, old?: KubeObject): Partial<PodSpec> =>
  (admitted(runtimeClass, objectOf("v1", "Pod", "p", { spec }), { objects: classes, ...(old && { old }) }) as Pod).spec;

describe("a pod", () => {
  test.each<[sentence: string, spec: Partial<PodSpec>, expected: Partial<PodSpec>]>([
    ["without a class stays as it is", { hostname: "h" }, { hostname: "h" }],
    ["of a plain class stays as it is", { runtimeClassName: "plain" }, { runtimeClassName: "plain" }],
    [
      "costs what its class says",
      { runtimeClassName: "costly" },
      { runtimeClassName: "costly", overhead: { cpu: "1" } },
    ],
    [
      "goes where its class runs",
      { runtimeClassName: "placed", nodeSelector: { zone: "z" } },
      {
        runtimeClassName: "placed",
        nodeSelector: { zone: "z", disk: "fast" },
        tolerations: [
          { key: "a", operator: "Exists" },
          { key: "b", operator: "Equal", value: "x", effect: "NoSchedule" },
        ],
      },
    ],
    [
      "loses tolerations that its class's cover, and keeps wider ones of its own",
      {
        runtimeClassName: "placed",
        nodeSelector: { disk: "fast" },
        tolerations: [
          { key: "a", operator: "Equal", value: "1", effect: "NoExecute" },
          { key: "b", operator: "Exists" },
        ],
      },
      {
        runtimeClassName: "placed",
        nodeSelector: { disk: "fast" },
        tolerations: [
          { key: "b", operator: "Exists" },
          { key: "a", operator: "Exists" },
        ],
      },
    ],
  ])("%s", (_, spec, expected) => {
    expect(specOf(spec)).toEqual(expected);
  });

  test.each<[spec: Partial<PodSpec>, why: string]>([
    [{ runtimeClassName: "none" }, 'pod rejected: RuntimeClass "none" not found'],
    [{ overhead: { cpu: "1" } }, "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"],
    [
      { runtimeClassName: "costly", overhead: { cpu: "2" } },
      "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead",
    ],
    [
      { runtimeClassName: "placed", nodeSelector: { disk: "slow" } },
      "conflict: runtimeClass.scheduling.nodeSelector[disk] = fast; pod.spec.nodeSelector[disk] = slow",
    ],
  ])("%o is refused", (spec, why) => {
    expect(() => specOf(spec)).toThrow(`pods "p" is forbidden: ${why}`);
  });

  test("is not looked at again when it changes", () => {
    const pod = objectOf("v1", "Pod", "p");
    expect(specOf({ runtimeClassName: "none" }, pod)).toEqual({ runtimeClassName: "none" });
  });
});
