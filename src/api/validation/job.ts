import { matchesLabels } from "../../lib/label-selector.ts";
import { quoteGo } from "../../lib/go-format.ts";
import type { Job, JobSpec } from "../generated/batch-v1.ts";
import type { PodSpec, PodTemplateSpec } from "../generated/core-v1.ts";
import { validateDomainPath } from "./domain-path.ts";
import type { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";
import { internalForm } from "./internal-form.ts";
import { validateFailurePolicy, validateSuccessPolicy } from "./job-policy.ts";
import { goMap, goSelector, validateLabelSelector } from "./labels.ts";
import { labelProblems } from "./names.ts";
import { validatePodTemplateSpec } from "./pod-template.ts";
import { isDeepEqual } from "./semantic-equality.ts";
import { matcherOf, validateCounts } from "./workload.ts";

/** https://kubernetes.io/docs/concepts/workloads/controllers/job/ */

const SPEC = FieldPath.of("spec");
const UID_LABELS = ["controller-uid", "batch.kubernetes.io/controller-uid"] as const;
const NAME_LABELS = ["job-name", "batch.kubernetes.io/job-name"] as const;

export function validateJob(job: Job, errors: FieldErrors): void {
  validateGeneratedSelector(job, errors);
  validateSelectedSpec(job.spec, errors);
  const { completionMode, completions = 0 } = job.spec;
  if (completionMode !== "Indexed" || completions <= 0) return;
  const longest = `${job.metadata.name}-${completions - 1}`;
  if (labelProblems(longest).length > 0) {
    const why = `will not able to create pod with invalid DNS label: ${longest}`;
    errors.invalid(FieldPath.of("metadata").child("name"), job.metadata.name, why);
  }
}

/** The API server makes selector and labels itself, unless it is told not to. */
function validateGeneratedSelector({ metadata: { uid, name }, spec }: Job, errors: FieldErrors): void {
  if (spec.manualSelector || !spec.selector) return;
  const labels = spec.template.metadata?.labels ?? {};
  const path = SPEC.child("template").child("metadata").child("labels");
  const expected: Record<string, string> = {};
  for (const [names, value] of [
    [UID_LABELS, uid],
    [NAME_LABELS, name],
  ] as const) {
    for (const label of names) {
      expected[label] = value;
      if (labels[label] === undefined) errors.required(path.key(label), `must be '${value}'`);
      else if (labels[label] !== value) errors.invalid(path.key(label), goMap(labels), `must be '${value}'`);
    }
  }
  const matcher = matcherOf(spec.selector);
  if (matcher && !matchesLabels(matcher, expected))
    errors.invalid(SPEC.child("selector"), goSelector(spec.selector), "`selector` not auto-generated");
}

function validateSelectedSpec(spec: JobSpec, errors: FieldErrors): void {
  validateJobSpec(spec, SPEC, errors);
  const path = SPEC.child("selector");
  if (spec.selector) validateLabelSelector(spec.selector, path, errors);
  else errors.required(path);
  const matcher = matcherOf(spec.selector);
  const labels = spec.template.metadata?.labels;
  if (!matcher || matchesLabels(matcher, labels)) return;
  const labelsPath = SPEC.child("template").child("metadata").child("labels");
  errors.invalid(labelsPath, goMap(labels), "`selector` does not match template `labels`");
}

const MAX_MANAGED_BY = 63;
const MODES = ["NonIndexed", "Indexed"];

/** Also of the jobs that a CronJob makes, which have no selector yet. */
export function validateJobSpec(spec: JobSpec, path: FieldPath, errors: FieldErrors): void {
  validateCounts(
    spec,
    [
      "parallelism",
      "completions",
      "activeDeadlineSeconds",
      "backoffLimit",
      "ttlSecondsAfterFinished",
      "backoffLimitPerIndex",
      "maxFailedIndexes",
    ],
    path,
    errors,
  );
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined)
    errors.required(path.child("backoffLimitPerIndex"), "when maxFailedIndexes is specified");
  if (spec.managedBy !== undefined) validateManagedBy(spec.managedBy, path.child("managedBy"), errors);
  errors.oneOf(path.child("completionMode"), spec.completionMode, MODES);
  if (spec.completionMode === "Indexed") validateIndexed(spec, path, errors);
  else validateNotIndexed(spec, path, errors);
  if (spec.podFailurePolicy) validateFailurePolicy(spec, path.child("podFailurePolicy"), errors);
  if (spec.successPolicy && spec.completionMode === "Indexed")
    validateSuccessPolicy(spec, path.child("successPolicy"), errors);
  else if (spec.successPolicy) {
    const shown = internalForm("SuccessPolicy", spec.successPolicy);
    errors.invalid(path.child("successPolicy"), shown, "requires indexed completion mode");
  }
  const replacements = spec.podFailurePolicy ? ["Failed"] : ["Failed", "TerminatingOrFailed"];
  errors.oneOf(path.child("podReplacementPolicy"), spec.podReplacementPolicy, replacements);
  validatePodTemplateSpec(spec.template, path.child("template"), errors);
  validateRestartPolicy(spec, path.child("template").child("spec").child("restartPolicy"), errors);
}

function validateManagedBy(name: string, path: FieldPath, errors: FieldErrors): void {
  validateDomainPath(name, path, errors);
  if (name.length > MAX_MANAGED_BY) errors.tooLong(path, MAX_MANAGED_BY);
}

const MAX_INDEXED_PARALLELISM = 100_000;
const MAX_FAILED_INDEXES = 100_000;
const MANY_COMPLETIONS = 100_000;
const MAX_OF_MANY = 10_000;

function validateIndexed(spec: JobSpec, path: FieldPath, errors: FieldErrors): void {
  const { completions, parallelism = 0, maxFailedIndexes: maxFailed = Number.NEGATIVE_INFINITY } = spec;
  const parallelismPath = path.child("parallelism");
  const failedPath = path.child("maxFailedIndexes");
  if (completions === undefined) errors.required(path.child("completions"), "when completion mode is Indexed");
  if (parallelism > MAX_INDEXED_PARALLELISM) {
    const why = `must be less than or equal to ${MAX_INDEXED_PARALLELISM} when completion mode is Indexed`;
    errors.invalid(parallelismPath, parallelism, why);
  }
  if (completions !== undefined && maxFailed > completions)
    errors.invalid(failedPath, maxFailed, "must be less than or equal to completions");
  if (maxFailed > MAX_FAILED_INDEXES)
    errors.invalid(failedPath, maxFailed, `must be less than or equal to ${MAX_FAILED_INDEXES}`);
  if (completions === undefined || completions <= MANY_COMPLETIONS || spec.backoffLimitPerIndex === undefined) return;
  if (spec.maxFailedIndexes === undefined)
    errors.required(failedPath, `must be specified when completions is above ${MANY_COMPLETIONS}`);
  const why =
    `must be less than or equal to ${MAX_OF_MANY} when completions are above ${MANY_COMPLETIONS} and used with backoff ` +
    "limit per index";
  if (parallelism > MAX_OF_MANY) errors.invalid(parallelismPath, parallelism, why);
  if (maxFailed > MAX_OF_MANY) errors.invalid(failedPath, maxFailed, why);
}

function validateNotIndexed(spec: JobSpec, path: FieldPath, errors: FieldErrors): void {
  if (spec.completionMode !== undefined && spec.completionMode !== "NonIndexed") return;
  for (const name of ["backoffLimitPerIndex", "maxFailedIndexes"] as const) {
    const value = spec[name];
    if (value !== undefined) errors.invalid(path.child(name), value, "requires indexed completion mode");
  }
}

/** A job's pods come to an end. */
function validateRestartPolicy(spec: JobSpec, path: FieldPath, errors: FieldErrors): void {
  const policy: string = spec.template.spec?.restartPolicy ?? "";
  if (policy === "" || policy === "Always") errors.required(path, 'valid values: "OnFailure", "Never"');
  else if (policy !== "OnFailure" && policy !== "Never") errors.notSupported(path, policy, ["OnFailure", "Never"]);
  else if (spec.podFailurePolicy && policy !== "Never")
    errors.invalid(path, policy, `only ${quoteGo("Never")} is supported when podFailurePolicy is specified`);
}

export function validateJobUpdate(job: Job, old: Job, errors: FieldErrors): void {
  validateJob(job, errors);
  const { spec } = job;
  validateCompletions(spec, old.spec, errors);
  keepAsItWas(spec, old.spec, "selector", errors);
  validateTemplateUpdate(job, old, errors);
  for (const name of [
    "completionMode",
    "podFailurePolicy",
    "backoffLimitPerIndex",
    "managedBy",
    "successPolicy",
  ] as const)
    keepAsItWas(spec, old.spec, name, errors);
}

const SHOWN = {
  podFailurePolicy: "PodFailurePolicy",
  successPolicy: "SuccessPolicy",
} as const;

function keepAsItWas(spec: JobSpec, old: JobSpec, name: keyof JobSpec, errors: FieldErrors): void {
  const value = spec[name];
  if (isDeepEqual(value, old[name])) return;
  const type = name in SHOWN ? SHOWN[name as keyof typeof SHOWN] : undefined;
  const shown = type && typeof value === "object" ? internalForm(type, value) : (value ?? null);
  errors.immutable(SPEC.child(name), shown);
}

/** An indexed job can become larger or smaller, if all its pods run at the same time. */
function validateCompletions(spec: JobSpec, old: JobSpec, errors: FieldErrors): void {
  if (spec.completionMode !== "Indexed") return keepAsItWas(spec, old, "completions", errors);
  if (spec.completions === old.completions || spec.completions === undefined) return;
  if (spec.completions !== spec.parallelism)
    errors.invalid(SPEC.child("completions"), spec.completions, "can only be modified in tandem with spec.parallelism");
}

/** While a job is suspended and has no pods, where they go and what they get can change. */
function validateTemplateUpdate({ spec }: Job, old: Job, errors: FieldErrors): void {
  const { template } = spec;
  const hasStopped =
    old.status?.startTime === undefined ||
    (old.status.conditions ?? []).some(({ type, status }) => type === "Suspended" && status === "True");
  const isMutable = (old.spec.suspend ?? false) && hasStopped && (old.status?.active ?? 0) === 0;
  if (!isMutable) {
    if (!isDeepEqual(template, old.spec.template))
      errors.immutable(SPEC.child("template"), internalForm("PodTemplateSpec", template));
    return;
  }
  const { spec: podSpec } = template;
  if (podSpec && !isDeepEqual(podSpec, withNewPlacement(old.spec.template, podSpec)))
    errors.immutable(SPEC.child("template.spec"), internalForm("PodSpec", podSpec));
}

/** The old spec with what may change as it is now. */
function withNewPlacement({ spec: old }: PodTemplateSpec, now: PodSpec): PodSpec | undefined {
  if (!old) return undefined;
  const { nodeSelector, tolerations, schedulingGates } = now;
  const { nodeAffinity: _before, ...others } = old.affinity ?? {};
  const nodeAffinity = now.affinity?.nodeAffinity;
  const affinity = { ...others, ...(nodeAffinity && { nodeAffinity }) };
  return {
    ...old,
    nodeSelector,
    tolerations,
    schedulingGates,
    affinity: Object.keys(affinity).length > 0 || now.affinity ? affinity : undefined,
    containers: withNewResources(old.containers, now.containers),
    ...(old.initContainers && { initContainers: withNewResources(old.initContainers, now.initContainers ?? []) }),
  } as PodSpec;
}

function withNewResources(old: PodSpec["containers"], now: PodSpec["containers"]): PodSpec["containers"] {
  // Go writes a list that is not there as null.
  if (!old || !now || old.length !== now.length) return old;
  return old.map((container, i) => {
    const resources = now[i]?.resources;
    return now[i]?.name === container.name && resources ? { ...container, resources } : container;
  });
}
