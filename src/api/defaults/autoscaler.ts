import { isJsonObject, type JsonObject, type JsonValue, type MutableJsonObject, objectOf } from "../../lib/json.ts";
import type { Rules } from "./rule.ts";

/** https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#default-behavior */
export const autoscalerRules: Rules = { "autoscaling/v2.HorizontalPodAutoscalerSpec": autoscaler };

const CPU_METRIC: JsonValue = {
  type: "Resource",
  resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } },
};
const SCALE_UP: JsonObject = {
  stabilizationWindowSeconds: 0,
  selectPolicy: "Max",
  policies: [
    { type: "Pods", value: 4, periodSeconds: 15 },
    { type: "Percent", value: 100, periodSeconds: 15 },
  ],
};
/** Its window is the controller's own, unless one is given. */
const SCALE_DOWN: JsonObject = {
  selectPolicy: "Max",
  policies: [{ type: "Percent", value: 100, periodSeconds: 15 }],
};

function autoscaler(draft: MutableJsonObject): void {
  draft["metrics"] ??= [CPU_METRIC];
  const { behavior = null } = draft;
  if (!isJsonObject(behavior)) return;
  draft["behavior"] = {
    scaleUp: withDefaults(behavior["scaleUp"], SCALE_UP),
    scaleDown: withDefaults(behavior["scaleDown"], SCALE_DOWN),
  };
}

function withDefaults(rules: JsonValue | undefined, defaults: JsonObject): JsonValue {
  return { ...defaults, ...objectOf(rules) };
}
