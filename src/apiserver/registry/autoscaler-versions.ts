import type { KubeObject, StoredMeta } from "../../api/object.ts";

/**
 * Autoscalers are stored as autoscaling/v2; v1 knows one metric, the share of CPU, and carries the rest in annotations.
 * https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/horizontal-pod-autoscaler-v1/
 */

type Fields = Readonly<Record<string, unknown>>;

interface Metric {
  readonly type: string;
  readonly resource?: {
    readonly name: string;
    readonly target?: { readonly type?: string; readonly averageUtilization?: number };
    readonly current?: { readonly averageUtilization?: number };
  };
}

interface Autoscaler extends KubeObject {
  readonly spec?: Fields;
  readonly status?: Fields;
}

/** Fields of v2 that v1 keeps as JSON: field, part of the object, annotation. */
const KEPT = [
  ["spec", "metrics", "autoscaling.alpha.kubernetes.io/metrics"],
  ["spec", "behavior", "autoscaling.alpha.kubernetes.io/behavior"],
  ["status", "currentMetrics", "autoscaling.alpha.kubernetes.io/current-metrics"],
  ["status", "conditions", "autoscaling.alpha.kubernetes.io/conditions"],
] as const;

export function autoscalerFromV2(object: KubeObject): KubeObject {
  const { spec = {}, status } = object as Autoscaler;
  const [target, metrics] = withoutCpu(spec["metrics"], (metric) => metric.resource?.target?.averageUtilization);
  const [current, currentMetrics] = withoutCpu(
    status?.["currentMetrics"],
    (metric) => metric.resource?.current?.averageUtilization,
  );
  const parts: Readonly<Record<"spec" | "status", Fields>> = {
    spec: { ...spec, metrics },
    status: { ...status, currentMetrics },
  };
  const annotations: Record<string, string> = { ...object.metadata.annotations };
  for (const [part, field, annotation] of KEPT) {
    const value = parts[part][field];
    if (value !== undefined && !(Array.isArray(value) && value.length === 0))
      annotations[annotation] = JSON.stringify(value);
  }
  return {
    ...object,
    apiVersion: "autoscaling/v1",
    metadata: withAnnotations(object, annotations),
    spec: {
      ...without(spec, "metrics", "behavior"),
      ...(target !== undefined && { targetCPUUtilizationPercentage: target }),
    },
    ...(status && {
      status: {
        ...without(status, "currentMetrics", "conditions"),
        ...(current !== undefined && { currentCPUUtilizationPercentage: current }),
      },
    }),
  } as KubeObject;
}

export function autoscalerToV2(object: KubeObject): KubeObject {
  const { spec = {}, status } = object as Autoscaler;
  const parts: Record<"spec" | "status", Record<string, unknown>> = {
    spec: { ...without(spec, "targetCPUUtilizationPercentage") },
    status: { ...without(status ?? {}, "currentCPUUtilizationPercentage") },
  };
  const annotations: Record<string, string> = { ...object.metadata.annotations };
  for (const [part, field, annotation] of KEPT) {
    const value = parsed(annotations[annotation]);
    if (value !== undefined) parts[part][field] = value;
    delete annotations[annotation];
  }
  addCpu(parts.spec, "metrics", spec["targetCPUUtilizationPercentage"], (averageUtilization) => ({
    target: { type: "Utilization", averageUtilization },
  }));
  addCpu(parts.status, "currentMetrics", status?.["currentCPUUtilizationPercentage"], (averageUtilization) => ({
    current: { averageUtilization },
  }));
  return {
    ...object,
    apiVersion: "autoscaling/v2",
    metadata: withAnnotations(object, annotations),
    spec: parts.spec,
    ...(status && { status: parts.status }),
  } as KubeObject;
}

/** The CPU share that a list of metrics names, and the metrics without it. */
function withoutCpu(
  metrics: unknown,
  shareOf: (metric: Metric) => number | undefined,
): readonly [number | undefined, readonly Metric[] | undefined] {
  if (!Array.isArray(metrics)) return [undefined, undefined];
  const all = metrics as readonly Metric[];
  const cpu = all.find(
    (metric) => metric.type === "Resource" && metric.resource?.name === "cpu" && shareOf(metric) !== undefined,
  );
  return cpu ? [shareOf(cpu), all.filter((metric) => metric !== cpu)] : [undefined, all];
}

function addCpu(
  part: Record<string, unknown>,
  field: string,
  share: unknown,
  resource: (averageUtilization: number) => Fields,
): void {
  if (typeof share !== "number") return;
  const others = Array.isArray(part[field]) ? (part[field] as readonly unknown[]) : [];
  part[field] = [{ type: "Resource", resource: { name: "cpu", ...resource(share) } }, ...others];
}

function without(fields: Fields, ...names: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}

function withAnnotations({ metadata }: KubeObject, annotations: Readonly<Record<string, string>>): StoredMeta {
  const { annotations: _, ...rest } = metadata;
  return Object.keys(annotations).length > 0 ? { ...rest, annotations } : rest;
}

/** What an annotation holds; one that somebody spoiled counts as none. */
function parsed(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
