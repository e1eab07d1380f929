import { describe, expect, test } from "vitest";
import { admitted, objectOf } from "../../../test/support/admission.ts";
import type { Pod, PodSpec } from "../../api/generated/core-v1.ts";
import type { KubeObject } from "../../api/object.ts";
import { priority } from "./priority.ts";

const priorityClass = (name: string, value: number, rest: object = {}): KubeObject =>
  objectOf("scheduling.k8s.io/v1", "PriorityClass", name, { value, ...rest });
const classes = [
  priorityClass("high", 1000),
  priorityClass("calm", 7, { preemptionPolicy: "Never" }),
  priorityClass("usual", 5, { globalDefault: true }),
];

const specOf = (spec: Partial<PodSpec>, objects = classes): Partial<PodSpec> => {
  const pod = objectOf("v1", "Pod", "p", { spec });
  return (admitted(priority, pod, { objects }) as Pod).spec;
};

describe("a pod", () => {
  test.each<[sentence: string, spec: Partial<PodSpec>, objects: KubeObject[], expected: Partial<PodSpec>]>([
    ["has none without classes", {}, [], { priority: 0, preemptionPolicy: "PreemptLowerPriority" }],
    [
      "has that of its class",
      { priorityClassName: "high" },
      classes,
      { priorityClassName: "high", priority: 1000, preemptionPolicy: "PreemptLowerPriority" },
    ],
    [
      "has the policy of its class",
      { priorityClassName: "calm" },
      classes,
      { priorityClassName: "calm", priority: 7, preemptionPolicy: "Never" },
    ],
    [
      "has the default class",
      {},
      classes,
      { priorityClassName: "usual", priority: 5, preemptionPolicy: "PreemptLowerPriority" },
    ],
    [
      "may say itself what is computed",
      { priorityClassName: "high", priority: 1000 },
      classes,
      { priorityClassName: "high", priority: 1000, preemptionPolicy: "PreemptLowerPriority" },
    ],
  ])("%s", (_, spec, objects, expected) => {
    expect(specOf(spec, objects)).toEqual(expected);
  });

  test.each<[spec: Partial<PodSpec>, why: string]>([
    [{ priorityClassName: "none" }, "no PriorityClass with name none was found"],
    [
      { priority: 9 },
      "the integer value of priority (9) must not be provided in pod spec; priority admission controller computed 5 " +
        "from the given PriorityClass name",
    ],
    [
      { preemptionPolicy: "Never" },
      "the string value of PreemptionPolicy (Never) must not be provided in pod spec; priority admission controller " +
        "computed PreemptLowerPriority from the given PriorityClass name",
    ],
  ])("%o is refused", (spec, why) => {
    expect(() => specOf(spec)).toThrow(`pods "p" is forbidden: ${why}`);
  });

  test("keeps its priority when it changes", () => {
    const pod = objectOf("v1", "Pod", "p", { spec: { priority: 3 } });
    expect(admitted(priority, pod, { old: pod, objects: classes })).toBe(pod);
  });
});

describe("a default class", () => {
  test("may be one only", () => {
    const second = priorityClass("second", 1, { globalDefault: true });
    expect(() => admitted(priority, second, { objects: classes })).toThrow(
      'priorityclasses.scheduling.k8s.io "second" is forbidden: PriorityClass usual is already marked as default. ' +
        "Only one default can exist",
    );
    expect(admitted(priority, classes[2]!, { old: classes[2]!, objects: classes })).toBe(classes[2]);
  });
});
