import { expect, test } from "vitest";
import { admitted, objectOf } from "../../../test/support/admission.ts";
import type { Pod, Toleration } from "../../api/generated/core-v1.ts";
import { defaultTolerationSeconds } from "./default-tolerations.ts";

const [NOT_READY, UNREACHABLE] = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];
const added = (key: string) => ({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 });

test.each<[sentence: string, given: readonly Toleration[] | undefined, added: readonly object[]]>([
  ["without tolerations both", undefined, [added(NOT_READY!), added(UNREACHABLE!)]],
  ["what tolerates one taint the other", [{ key: NOT_READY!, operator: "Exists" }], [added(UNREACHABLE!)]],
  ["what tolerates everything none", [{ operator: "Exists" }], []],
  [
    "what tolerates only its scheduling both",
    [{ operator: "Exists", effect: "NoSchedule" }],
    [added(NOT_READY!), added(UNREACHABLE!)],
  ],
])("gives a pod %s", (_, given, expected) => {
  const pod = objectOf("v1", "Pod", "p", { spec: { containers: [], ...(given && { tolerations: given }) } });
  const { spec } = admitted(defaultTolerationSeconds, pod) as Pod;
  expect(spec.tolerations).toEqual([...(given ?? []), ...expected]);
});

test("leaves subresources alone", () => {
  const pod = objectOf("v1", "Pod", "p", { spec: { containers: [] } });
  expect(admitted(defaultTolerationSeconds, pod, { old: pod, subresource: "status" })).toBe(pod);
});
