import { compareQuantities, parseQuantity } from "../../lib/quantity.ts";
import type {
  ContainerResourceMetricSource,
  CrossVersionObjectReference,
  ExternalMetricSource,
  HorizontalPodAutoscaler,
  HPAScalingRules,
  MetricIdentifier,
  MetricSpec,
  MetricTarget,
  ObjectMetricSource,
  PodsMetricSource,
} from "../generated/autoscaling-v2.ts";
import type { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";
import { labelProblems, pathSegmentProblems } from "./names.ts";
import { validatePositive } from "./object-meta.ts";
import { validateContainerResourceName, ZERO } from "./resource-name.ts";
import { validateCounts } from "./workload.ts";

/** https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/ */

const SPEC = FieldPath.of("spec");

export function validateAutoscaler({ spec }: HorizontalPodAutoscaler, errors: FieldErrors): void {
  const { minReplicas, maxReplicas, metrics = [] } = spec;
  const maxPath = SPEC.child("maxReplicas");
  if (minReplicas !== undefined && minReplicas < 1)
    errors.invalid(SPEC.child("minReplicas"), minReplicas, "must be greater than or equal to 1");
  if (maxReplicas === 0) errors.required(maxPath, "must be set and greater than 0");
  else if (maxReplicas < 0) errors.invalid(maxPath, maxReplicas, "must be greater than or equal to 1");
  if (minReplicas !== undefined && maxReplicas < minReplicas)
    errors.invalid(maxPath, maxReplicas, "must be greater than or equal to `minReplicas`");
  const target = SPEC.child("scaleTargetRef");
  validateReference(spec.scaleTargetRef, target, errors);
  validateApiVersion(spec.scaleTargetRef, spec.scaleTargetRef.kind === "ReplicationController", target, errors);
  for (const [i, metric] of metrics.entries()) validateMetric(metric, SPEC.child("metrics").index(i), errors);
  if (minReplicas === 0 && !metrics.some(({ type }) => type === "Object" || type === "External")) {
    const why = "must specify at least one Object or External metric to support scaling to zero replicas";
    errors.forbidden(SPEC.child("metrics"), why);
  }
  for (const name of ["scaleUp", "scaleDown"] as const) {
    const rules = spec.behavior?.[name];
    if (rules) validateRules(rules, SPEC.child("behavior").child(name), errors);
  }
}

export function validateAutoscalerStatus({ status }: HorizontalPodAutoscaler, errors: FieldErrors): void {
  if (status) validateCounts(status, ["currentReplicas", "desiredReplicas"], FieldPath.of("status"), errors);
}

function validateReference(reference: CrossVersionObjectReference, path: FieldPath, errors: FieldErrors): void {
  for (const name of ["kind", "name"] as const) {
    const value = reference[name];
    if (value === "") errors.required(path.child(name));
    else errors.invalidAll(path.child(name), value, pathSegmentProblems(value));
  }
}

/** @param ofCore whether the version may be one of the core API, which has no group */
function validateApiVersion(
  { apiVersion = "" }: CrossVersionObjectReference,
  ofCore: boolean,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const versionPath = path.child("apiVersion");
  const parts = apiVersion.split("/");
  if (parts.length > 2) errors.invalid(versionPath, apiVersion, `unexpected GroupVersion string: ${apiVersion}`);
  else if (!ofCore && (parts.length === 1 || parts[0] === ""))
    errors.invalid(versionPath, apiVersion, "apiVersion must specify API group");
}

const MAX_WINDOW_SECONDS = 3600;
const MAX_PERIOD_SECONDS = 1800;
const SELECT_POLICIES = ["Disabled", "Max", "Min"];
const POLICIES = ["Percent", "Pods"];

function validateRules(rules: HPAScalingRules, path: FieldPath, errors: FieldErrors): void {
  const { stabilizationWindowSeconds: window, policies = [], tolerance } = rules;
  const windowPath = path.child("stabilizationWindowSeconds");
  if (window !== undefined && window < 0) errors.invalid(windowPath, window, "must be greater than or equal to zero");
  if (window !== undefined && window > MAX_WINDOW_SECONDS)
    errors.invalid(windowPath, window, `must be less than or equal to ${MAX_WINDOW_SECONDS}`);
  errors.oneOf(path.child("selectPolicy"), rules.selectPolicy, SELECT_POLICIES);
  const policiesPath = path.child("policies");
  if (policies.length === 0) errors.required(policiesPath, "must specify at least one Policy");
  for (const [i, { type, value, periodSeconds }] of policies.entries()) {
    const policyPath = policiesPath.index(i);
    const periodPath = policyPath.child("periodSeconds");
    errors.oneOf(policyPath.child("type"), type, POLICIES);
    validatePositive(value, policyPath.child("value"), errors);
    validatePositive(periodSeconds, periodPath, errors);
    if (periodSeconds > MAX_PERIOD_SECONDS)
      errors.invalid(periodPath, periodSeconds, `must be less than or equal to ${MAX_PERIOD_SECONDS}`);
  }
  if (tolerance !== undefined && compareQuantities(parseQuantity(tolerance), ZERO) < 0)
    errors.invalid(path.child("tolerance"), tolerance, "must be greater than or equal to 0");
}

const METRIC_TYPES = ["ContainerResource", "External", "Object", "Pods", "Resource"];
const SOURCES = ["object", "external", "pods", "resource", "containerResource"] as const;

function validateMetric(metric: MetricSpec, path: FieldPath, errors: FieldErrors): void {
  const type: string = metric.type;
  const typePath = path.child("type");
  if (type === "") errors.required(typePath, "must specify a metric source type");
  if (!METRIC_TYPES.includes(type)) errors.notSupported(typePath, type, METRIC_TYPES);
  const present = SOURCES.filter((name) => metric[name]);
  const [first] = present;
  if (first) validateSource(metric, first, path.child(first), errors);
  const expected = SOURCES.find((name) => name.toLowerCase() === type.toLowerCase());
  // Kubernetes looks at the type twice.
  if (!expected) errors.notSupported(typePath, type, METRIC_TYPES);
  else if (!metric[expected])
    errors.required(path.child(expected), "must populate information for the given metric source");
  if (present.length === 1) return;
  for (const name of present)
    if (name !== expected) errors.forbidden(path.child(name), "must populate the given metric source only");
}

function validateSource(
  metric: MetricSpec,
  name: (typeof SOURCES)[number],
  path: FieldPath,
  errors: FieldErrors,
): void {
  const { object, external, pods, resource, containerResource } = metric;
  if (name === "object" && object) validateObjectSource(object, path, errors);
  else if (name === "external" && external) validateExternalSource(external, path, errors);
  else if (name === "pods" && pods) validatePodsSource(pods, path, errors);
  else if (name === "resource" && resource) {
    if (resource.name === "") errors.required(path.child("name"), "must specify a resource name");
    validateUtilization(resource.target, path.child("target"), errors);
  } else if (containerResource) validateContainerSource(containerResource, path, errors);
}

function validateObjectSource(source: ObjectMetricSource, path: FieldPath, errors: FieldErrors): void {
  validateReference(source.describedObject, path.child("describedObject"), errors);
  validateApiVersion(source.describedObject, true, path.child("describedObject"), errors);
  validateIdentifier(source.metric, path.child("metric"), errors);
  validateTarget(source.target, path.child("target"), errors);
  needValue(source.target, "must set either a target value or averageValue", path, errors);
}

function validateExternalSource({ metric, target }: ExternalMetricSource, path: FieldPath, errors: FieldErrors): void {
  validateIdentifier(metric, path.child("metric"), errors);
  validateTarget(target, path.child("target"), errors);
  needValue(target, "must set either a target value for metric or a per-pod target", path, errors);
  if (target.value === undefined || target.averageValue === undefined) return;
  const why = "may not set both a target value for metric and a per-pod target";
  errors.forbidden(path.child("target").child("value"), why);
}

function validatePodsSource({ metric, target }: PodsMetricSource, path: FieldPath, errors: FieldErrors): void {
  validateIdentifier(metric, path.child("metric"), errors);
  validateTarget(target, path.child("target"), errors);
  if (target.averageValue === undefined)
    errors.required(path.child("target").child("averageValue"), "must specify a positive target averageValue");
}

function validateContainerSource(source: ContainerResourceMetricSource, path: FieldPath, errors: FieldErrors): void {
  const { name, container, target } = source;
  if (name === "") errors.required(path.child("name"), "must specify a resource name");
  else validateContainerResourceName(name, path.child("name"), errors);
  if (container === "") errors.required(path.child("container"), "must specify a container");
  else errors.invalidAll(path.child("container"), container, labelProblems(container));
  validateUtilization(target, path.child("target"), errors);
}

function needValue(target: MetricTarget, why: string, path: FieldPath, errors: FieldErrors): void {
  if (target.value === undefined && target.averageValue === undefined)
    errors.required(path.child("target").child("averageValue"), why);
}

function validateUtilization(target: MetricTarget, path: FieldPath, errors: FieldErrors): void {
  validateTarget(target, path, errors);
  const { averageUtilization, averageValue } = target;
  if (averageUtilization === undefined && averageValue === undefined)
    errors.required(path.child("averageUtilization"), "must set either a target raw value or a target utilization");
  if (averageUtilization !== undefined && averageValue !== undefined)
    errors.forbidden(path.child("averageValue"), "may not set both a target raw value and a target utilization");
}

const TARGET_TYPES = ["Utilization", "Value", "AverageValue"];

function validateTarget(target: MetricTarget, path: FieldPath, errors: FieldErrors): void {
  const type: string = target.type;
  if (type === "") errors.required(path.child("type"), "must specify a metric target type");
  if (!TARGET_TYPES.includes(type))
    errors.invalid(path.child("type"), type, "must be either Utilization, Value, or AverageValue");
  for (const name of ["value", "averageValue"] as const) {
    const value = target[name];
    if (value !== undefined && compareQuantities(parseQuantity(value), ZERO) <= 0)
      errors.invalid(path.child(name), value, "must be positive");
  }
  const utilization = target.averageUtilization;
  if (utilization !== undefined && utilization < 1)
    errors.invalid(path.child("averageUtilization"), utilization, "must be greater than 0");
}

function validateIdentifier({ name }: MetricIdentifier, path: FieldPath, errors: FieldErrors): void {
  if (name === "") errors.required(path.child("name"), "must specify a metric name");
  else errors.invalidAll(path.child("name"), name, pathSegmentProblems(name));
}
