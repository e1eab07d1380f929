import { isJsonObject, type JsonObject, type JsonValue } from "../../lib/json.ts";
import {
  age,
  asText,
  at,
  type Cell,
  firstOf,
  integer,
  listAt,
  name,
  NONE,
  text,
  UNKNOWN,
  UNSET,
  valueAt,
} from "./cell.ts";

/** Metrics beyond these are only counted. */
const MAX_LISTED = 2;

/** The member of a metric that holds its target and current value, by its type; and whether it is named. */
const METRIC_TYPES: Readonly<Record<string, { readonly member: string; readonly named: boolean }>> = {
  External: { member: "external", named: false },
  Pods: { member: "pods", named: false },
  Object: { member: "object", named: false },
  Resource: { member: "resource", named: true },
  ContainerResource: { member: "containerResource", named: true },
};

/** `cpu: 12%/80%`, `100m/1`, `3/5 (avg)` */
function formatMetric(spec: JsonValue, status: JsonValue | undefined): string {
  const type = METRIC_TYPES[asText(valueAt(spec, ["type"]))];
  if (!type) return "<unknown type>";
  const target = valueAt(spec, [type.member, "target"]);
  const current = valueAt(status, [type.member, "current"]);
  if (type.named) return `${asText(valueAt(spec, [type.member, "name"]))}: ${formatResource(target, current)}`;
  if (type.member === "pods")
    return `${quantity(current, "averageValue")}/${asText(valueAt(target, ["averageValue"]))}`;
  const average = valueAt(target, ["averageValue"]);
  if (average !== undefined) return `${quantity(current, "averageValue")}/${asText(average)} (avg)`;
  return `${quantity(current, "value")}/${asText(valueAt(target, ["value"]))}`;
}

function quantity(current: JsonValue | undefined, member: string): string {
  const value = valueAt(current, [member]);
  return value === undefined ? UNKNOWN : asText(value);
}

function formatResource(target: JsonValue | undefined, current: JsonValue | undefined): string {
  const average = valueAt(target, ["averageValue"]);
  if (average !== undefined) return `${quantity(current, "averageValue")}/${asText(average)}`;
  return `${percent(current, UNKNOWN)}/${percent(target, "<auto>")}`;
}

function percent(value: JsonValue | undefined, absent: string): string {
  const utilization = valueAt(value, ["averageUtilization"]);
  return typeof utilization === "number" ? `${utilization}%` : absent;
}

function formatMetrics(specs: readonly JsonValue[], statuses: readonly JsonValue[]): string {
  return firstOf(
    specs.map((spec, i) => formatMetric(spec, statuses[i])),
    MAX_LISTED,
    ", ",
    NONE,
  );
}

const metrics = listAt("spec.metrics");
const currentMetrics = listAt("status.currentMetrics");
const targets: Cell = (object) => formatMetrics(metrics(object), currentMetrics(object));

const cpuTarget = at("spec.targetCPUUtilizationPercentage");
const cpuCurrent = at("status.currentCPUUtilizationPercentage");

/** autoscaling/v1 knows one metric only, and names it in fields of its own. */
const cpuTargets: Cell = (object) => {
  const target = cpuTarget(object);
  if (typeof target !== "number") return NONE;
  const metric = (averageUtilization: JsonValue | undefined, member: string): JsonObject => ({
    type: "Resource",
    resource: { name: "cpu", ...(averageUtilization !== undefined && { [member]: { averageUtilization } }) },
  });
  return formatMetrics([metric(target, "target")], [metric(cpuCurrent(object), "current")]);
};

const scaleTarget = at("spec.scaleTargetRef");
const reference: Cell = (object) => {
  const value = scaleTarget(object);
  return isJsonObject(value) ? `${asText(value["kind"])}/${asText(value["name"])}` : "/";
};

function autoscaler(metric: Cell): readonly Cell[] {
  return [
    name,
    reference,
    metric,
    text("spec.minReplicas", UNSET),
    integer("spec.maxReplicas"),
    integer("status.currentReplicas"),
    age,
  ];
}

export const horizontalPodAutoscaler: readonly Cell[] = autoscaler(targets);
export const horizontalPodAutoscalerV1: readonly Cell[] = autoscaler(cpuTargets);
