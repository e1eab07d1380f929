import type { Pod, Toleration } from "../../api/generated/core-v1.ts";
import type { KubeObject } from "../../api/object.ts";
import type { Admitter } from "./admitter.ts";

const SECONDS = 300;
const TAINTS = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] as const;

/**
 * A pod stays for five minutes on a node that stopped to answer, unless it says otherwise itself.
 * https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#defaulttolerationseconds
 */
export const defaultTolerationSeconds: Admitter = {
  name: "DefaultTolerationSeconds",
  resources: new Set(["/pods"]),
  admit(_old, object, request) {
    if (request.subresource !== undefined) return object;
    const pod = object as Pod & KubeObject;
    const tolerations = pod.spec?.tolerations ?? [];
    const missing = TAINTS.filter((key) => !tolerations.some((toleration) => tolerates(toleration, key)));
    if (missing.length === 0 || !pod.spec) return object;
    const added = missing.map((key) => ({
      key,
      operator: "Exists",
      effect: "NoExecute",
      tolerationSeconds: SECONDS,
    }));
    return { ...pod, spec: { ...pod.spec, tolerations: [...tolerations, ...added] } };
  },
};

function tolerates({ key, effect }: Toleration, taint: string): boolean {
  return (key === undefined || key === "" || key === taint) && (!effect || effect === "NoExecute");
}
