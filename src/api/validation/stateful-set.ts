import type { StatefulSet, StatefulSetSpec, StatefulSetUpdateStrategy } from "../generated/apps-v1.ts";
import type { PodTemplateSpec, Volume } from "../generated/core-v1.ts";
import { numberOf, validateAmount, validateNotMoreThanAll } from "./amount.ts";
import { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";
import { internalForm } from "./internal-form.ts";
import { goSelector, validateLabels } from "./labels.ts";
import { labelProblems } from "./names.ts";
import { validateAnnotations, validateNonNegative } from "./object-meta.ts";
import { validateClaimSpec } from "./persistent-volume-claim.ts";
import { validatePodAnnotations } from "./pod.ts";
import { validatePodTemplateSpec } from "./pod-template.ts";
import { isDeepEqual } from "./semantic-equality.ts";
import {
  matcherOf,
  validateAtMost,
  validateCounts,
  validateLasting,
  validateNotDecremented,
  validateSelection,
  validateSelector,
} from "./workload.ts";

/** https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/ */

const SPEC = FieldPath.of("spec");
const STATUS = FieldPath.of("status");
const MANAGEMENT_POLICIES = ["OrderedReady", "Parallel"];
const RETENTION_POLICIES = ["Retain", "Delete"];

export function validateStatefulSet({ spec }: StatefulSet, errors: FieldErrors): void {
  validateSpec(spec, "all", errors);
}

export function validateStatefulSetUpdate(set: StatefulSet, old: StatefulSet, errors: FieldErrors): void {
  const before = new FieldErrors();
  validateSpec(old.spec, "not what cannot change", before);
  validateSpec(set.spec, before.none ? "not what cannot change" : "not the template either", errors);
  if (!isDeepEqual(withFixedOf(set.spec), withFixedOf(old.spec))) {
    const why =
      "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', " +
      "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
    errors.forbidden(SPEC, why);
  }
}

function withFixedOf(spec: StatefulSetSpec): Partial<StatefulSetSpec> {
  const { selector, volumeClaimTemplates = [], serviceName = "", podManagementPolicy = "OrderedReady" } = spec;
  return { selector, volumeClaimTemplates, serviceName, podManagementPolicy };
}

/** What was let in by an older server stays changeable. */
type Extent = "all" | "not what cannot change" | "not the template either";

function validateSpec(spec: StatefulSetSpec, extent: Extent, errors: FieldErrors): void {
  const policy: string = spec.podManagementPolicy ?? "";
  if (policy === "") errors.required(SPEC.child("podManagementPolicy"));
  else if (!MANAGEMENT_POLICIES.includes(policy))
    errors.invalid(SPEC.child("podManagementPolicy"), policy, "must be 'OrderedReady' or 'Parallel'");
  validateStrategy(spec.updateStrategy ?? {}, SPEC.child("updateStrategy"), errors);
  const retention = spec.persistentVolumeClaimRetentionPolicy;
  if (retention) {
    for (const name of ["whenDeleted", "whenScaled"] as const) {
      const path = SPEC.child("persistentVolumeClaimRetentionPolicy").child(name);
      errors.oneOf(path, retention[name] ?? "", RETENTION_POLICIES);
    }
  }
  if (extent === "all") validateClaimTemplates(spec, errors);
  validateCounts(spec, ["replicas", "minReadySeconds"], SPEC, errors);
  validateNonNegative(spec.ordinals?.start ?? 0, SPEC.child("ordinals.start"), errors);
  if (extent === "all" && spec.serviceName)
    errors.invalidAll(SPEC.child("serviceName"), spec.serviceName, labelProblems(spec.serviceName));
  validateSelector(spec.selector, "statefulset", SPEC.child("selector"), errors);
  validateTemplate(spec, extent !== "not the template either", errors);
  validateLasting(spec.template, "StatefulSet", SPEC.child("template"), errors);
}

function validateClaimTemplates({ volumeClaimTemplates = [] }: StatefulSetSpec, errors: FieldErrors): void {
  const path = SPEC.child("volumeClaimTemplates");
  for (const [i, claim] of volumeClaimTemplates.entries())
    validateClaimSpec(claim.spec, path.index(i).child("spec"), errors);
}

function validateTemplate(spec: StatefulSetSpec, isWhole: boolean, errors: FieldErrors): void {
  const path = SPEC.child("template");
  const matcher = matcherOf(spec.selector);
  if (!matcher) return errors.invalid(SPEC.child("selector"), goSelector(spec.selector), "");
  if (matcher.nothing || matcher.requirements.length > 0) validateSelection(matcher, spec.template, path, errors);
  const template = templateOfPods(spec);
  if (isWhole) validatePodTemplateSpec(template, path, errors);
  const { labels, annotations } = template.metadata ?? {};
  validateLabels(labels, path.child("labels"), errors);
  validateAnnotations(annotations, path.child("annotations"), errors);
  validatePodAnnotations(annotations ?? {}, template.spec ?? { containers: [] }, path.child("annotations"), errors);
}

/** The controller sets the pods' names and puts claims made from the templates in place of volumes of the same name. */
function templateOfPods(spec: StatefulSetSpec): PodTemplateSpec {
  const podSpec = spec.template.spec;
  if (!podSpec) return spec.template;
  const { hostname: _hostname, subdomain: _subdomain, ...rest } = podSpec;
  const claimed: Volume[] = (spec.volumeClaimTemplates ?? []).map(({ metadata }) => {
    // Templates are not stored objects: their authors may have left the name out.
    const name = metadata.name || "";
    return { name, persistentVolumeClaim: { claimName: name } };
  });
  const others = (rest.volumes ?? []).filter((volume) => !claimed.some(({ name }) => name === volume.name));
  return { ...spec.template, spec: { ...rest, volumes: [...claimed, ...others] } };
}

function validateStrategy(strategy: StatefulSetUpdateStrategy, path: FieldPath, errors: FieldErrors): void {
  const { type, rollingUpdate } = strategy;
  const rollingPath = path.child("rollingUpdate");
  if (!type) errors.required(path);
  else if (type === "OnDelete") {
    if (!rollingUpdate) return;
    const shown = internalForm("RollingUpdateStatefulSetStrategy", rollingUpdate);
    errors.invalid(rollingPath, shown, "only allowed for updateStrategy 'RollingUpdate'");
  } else if (type !== "RollingUpdate") {
    const shown = internalForm("StatefulSetUpdateStrategy", strategy);
    errors.invalid(path, shown, "must be 'RollingUpdate' or 'OnDelete'");
  } else if (rollingUpdate) {
    validateCounts(rollingUpdate, ["partition"], rollingPath, errors);
    const most = rollingUpdate.maxUnavailable;
    if (most === undefined) return;
    const mostPath = rollingPath.child("maxUnavailable");
    validateAmount(most, mostPath, errors);
    if (numberOf(most) === 0) errors.invalid(mostPath, most, "cannot be 0");
    validateNotMoreThanAll(most, mostPath, errors);
  }
}

export function validateStatefulSetStatus({ status }: StatefulSet, old: StatefulSet, errors: FieldErrors): void {
  if (!status) return;
  validateCounts(
    status,
    [
      "replicas",
      "readyReplicas",
      "currentReplicas",
      "updatedReplicas",
      "availableReplicas",
      "observedGeneration",
      "collisionCount",
    ],
    STATUS,
    errors,
  );
  const parts = ["readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"] as const;
  validateAtMost(status, parts, status.replicas, "status.replicas", STATUS, errors);
  validateAtMost(status, ["availableReplicas"], status.readyReplicas, "status.readyReplicas", STATUS, errors);
  validateNotDecremented(status.collisionCount, old.status?.collisionCount, STATUS.child("collisionCount"), errors);
}
