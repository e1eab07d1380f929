import type { CronJob, Job, JobSpec } from "../generated/batch-v1.ts";
import type { StatefulSet } from "../generated/apps-v1.ts";
import type { Endpoints, Node, PodTemplateSpec } from "../generated/core-v1.ts";
import type { Ingress, NetworkPolicy, NetworkPolicyPeer } from "../generated/networking-v1.ts";
import type { RuntimeClass } from "../generated/node-v1.ts";
import type { StorageClass } from "../generated/storage-v1.ts";
import * as resources from "../generated/resources.ts";
import type { KubeObject } from "../object.ts";
import type { Resource } from "../resource.ts";
import { FieldPath } from "../validation/field-path.ts";
import { labelProblems } from "../validation/names.ts";
import { warnOfClaim, warnOfPersistentVolumeClaim } from "./claim.ts";
import { warnOfAddress, warnOfCidr, warnOfCidrs } from "./ip-form.ts";
import { deprecatedNodeLabel } from "./node-labels.ts";
import { warnOfKeyPair } from "./key-pair.ts";
import { warnOfPersistentVolume } from "./persistent-volume.ts";
import { warnOfPodSpec, warnOfPodTemplate } from "./pod-template.ts";
import { warnOfService } from "./service.ts";
import { METADATA, SPEC, type Warnings } from "./warnings.ts";

/** When the warnings of a kind are said again: never, when the spec has changed, or with each update. */
export type Repetition = "never" | "new generation" | "each update";

export interface KindWarnings {
  readonly repeated: Repetition;
  /** Of what is new and never changes. */
  readonly once?: (object: KubeObject, warnings: Warnings) => void;
  readonly warn: (object: KubeObject, warnings: Warnings) => void;
}

type Entry = readonly [kind: string, warnings: KindWarnings];

/** Objects that come here have been validated, so that they are of their kind's shape. */
function forKind<T extends KubeObject>(
  { group, kind }: Resource<T>,
  repeated: Repetition,
  warn: (object: T, warnings: Warnings) => void,
  once?: (object: T, warnings: Warnings) => void,
): Entry {
  const own: KindWarnings = {
    repeated,
    warn: (object, warnings) => warn(object as T, warnings),
    ...(once && { once: (object: KubeObject, warnings: Warnings) => once(object as T, warnings) }),
  };
  return [`${group}/${kind}`, own];
}

const TEMPLATE = SPEC.child("template");
const ADVICE = "which can result in surprising behavior; a DNS label is recommended";

/** Names of pods are their host names; those of their owners become parts of them. */
function nameOf(usedIn: string): ({ metadata }: KubeObject, warnings: Warnings) => void {
  const path = METADATA.child("name");
  return ({ metadata: { name } }, warnings) => {
    const problems = labelProblems(name);
    if (problems.length > 0) warnings.at(path, `this is used in ${usedIn}, ${ADVICE}: [${problems.join(" ")}]`);
  };
}

const nameOfOwner = nameOf("Pod names and hostnames");

function warnOfTemplate(
  { spec }: { readonly spec: { readonly template?: PodTemplateSpec } },
  warnings: Warnings,
): void {
  if (spec.template) warnOfPodTemplate(spec.template, TEMPLATE, warnings);
}

function warnOfStatefulSet({ spec }: StatefulSet, warnings: Warnings): void {
  for (const [i, claim] of (spec.volumeClaimTemplates ?? []).entries())
    warnOfClaim(claim.spec, SPEC.child("volumeClaimTemplates").index(i), warnings);
  const text = "a negative value retains all historical revisions; a value >= 0 is recommended";
  if ((spec.revisionHistoryLimit ?? 0) < 0) warnings.at(SPEC.child("revisionHistoryLimit"), text);
}

const MANY_INDEXES =
  "In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might " +
  "not be able to track completedIndexes when a big number of indexes fail";

function warnOfJobSpec(spec: JobSpec, path: FieldPath, warnings: Warnings): void {
  const { completionMode, completions = 0, parallelism = 0 } = spec;
  if (completionMode === "Indexed" && completions > 1e5 && parallelism > 1e4) warnings.at(path, MANY_INDEXES);
  warnOfPodTemplate(spec.template, path.child("template"), warnings);
}

function warnOfJob({ spec }: Job, warnings: Warnings): void {
  warnOfJobSpec(spec, SPEC, warnings);
}

function warnOfCronJob({ spec: { jobTemplate } }: CronJob, warnings: Warnings): void {
  if (jobTemplate.spec) warnOfJobSpec(jobTemplate.spec, SPEC.child("jobTemplate.spec"), warnings);
}

const INGRESS_CLASS = "kubernetes.io/ingress.class";

function warnOfIngress({ metadata }: Ingress, warnings: Warnings): void {
  if (INGRESS_CLASS in (metadata.annotations ?? {}))
    warnings.add(`annotation "${INGRESS_CLASS}" is deprecated, please use 'spec.ingressClassName' instead`);
}

function warnOfNetworkPolicy({ spec }: NetworkPolicy, warnings: Warnings): void {
  const check = (peers: readonly NetworkPolicyPeer[] | undefined, path: FieldPath): void => {
    for (const [i, { ipBlock }] of (peers ?? []).entries()) {
      const block = path.index(i).child("ipBlock");
      warnOfCidr(ipBlock?.cidr, block.child("cidr"), warnings);
      warnOfCidrs(ipBlock?.except, block.child("except"), warnings);
    }
  };
  for (const [i, { from }] of (spec?.ingress ?? []).entries())
    check(from, SPEC.child("ingress").index(i).child("from"));
  for (const [i, { to }] of (spec?.egress ?? []).entries()) check(to, SPEC.child("egress").index(i).child("to"));
}

function warnOfNode({ spec }: Node, warnings: Warnings): void {
  if (spec?.externalID) warnings.at(SPEC.child("externalID"), "this field is deprecated, and is unused by Kubernetes");
  warnOfCidrs(spec?.podCIDRs, SPEC.child("podCIDRs"), warnings);
}

function warnOfEndpoints({ subsets }: Endpoints, warnings: Warnings): void {
  for (const [i, { addresses, notReadyAddresses }] of (subsets ?? []).entries()) {
    for (const [name, list] of Object.entries({ addresses, notReadyAddresses })) {
      const path = FieldPath.of("subsets").index(i).child(name);
      for (const [j, { ip }] of (list ?? []).entries()) warnOfAddress(ip, path.index(j).child("ip"), warnings);
    }
  }
}

function warnOfStorageClass({ allowedTopologies }: StorageClass, warnings: Warnings): void {
  for (const [i, { matchLabelExpressions }] of (allowedTopologies ?? []).entries()) {
    for (const [j, { key }] of (matchLabelExpressions ?? []).entries()) {
      const path = FieldPath.of("allowedTopologies").index(i).child("matchLabelExpressions").index(j).child("key");
      const deprecated = deprecatedNodeLabel(key);
      if (deprecated !== undefined) warnings.at(path, deprecated);
    }
  }
}

function warnOfRuntimeClass({ scheduling }: RuntimeClass, warnings: Warnings): void {
  for (const label of Object.keys(scheduling?.nodeSelector ?? {})) {
    const deprecated = deprecatedNodeLabel(label);
    if (deprecated !== undefined) warnings.at(FieldPath.of("scheduling").child("nodeSelector"), deprecated);
  }
}

const MOUNTABLE_SECRETS = "kubernetes.io/enforce-mountable-secrets";
const SEPARATE_NAMESPACES = "deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets";

/** What is said about the objects of the kinds, by `group/Kind`. */
export const KIND_WARNINGS: ReadonlyMap<string, KindWarnings> = new Map([
  forKind(
    resources.pods,
    "never",
    ({ spec, metadata }, warnings) => warnOfPodSpec(spec, SPEC, metadata, METADATA, warnings),
    nameOf("the Pod's hostname"),
  ),
  forKind(
    resources.podtemplates,
    "new generation",
    ({ template }, warnings) => template && warnOfPodTemplate(template, FieldPath.of("template"), warnings),
  ),
  forKind(resources.deployments, "new generation", warnOfTemplate, nameOfOwner),
  forKind(resources.replicasets, "new generation", warnOfTemplate, nameOfOwner),
  forKind(
    resources.replicationcontrollers,
    "new generation",
    ({ spec }, warnings) => spec?.template && warnOfPodTemplate(spec.template, TEMPLATE, warnings),
    nameOfOwner,
  ),
  forKind(resources.daemonsets, "never", warnOfTemplate),
  forKind(resources.statefulsets, "new generation", (set, warnings) => {
    warnOfTemplate(set, warnings);
    warnOfStatefulSet(set, warnings);
  }),
  forKind(resources.jobs, "new generation", warnOfJob, nameOfOwner),
  forKind(resources.cronjobs, "new generation", warnOfCronJob, nameOfOwner),
  forKind(resources.secrets, "each update", warnOfKeyPair),
  forKind(resources.services, "each update", warnOfService),
  forKind(resources.endpoints, "each update", warnOfEndpoints),
  forKind(resources.endpointslices, "never", ({ addressType }, warnings) => {
    if (addressType === "FQDN") warnings.at(SPEC.child("addressType"), "FQDN endpoints are deprecated");
  }),
  forKind(resources.ingresses, "never", warnOfIngress),
  forKind(resources.networkpolicies, "each update", warnOfNetworkPolicy),
  forKind(resources.persistentvolumeclaims, "each update", warnOfPersistentVolumeClaim),
  forKind(resources.persistentvolumes, "each update", warnOfPersistentVolume),
  forKind(resources.storageclasses, "each update", warnOfStorageClass),
  forKind(resources.runtimeclasses, "each update", warnOfRuntimeClass),
  forKind(resources.nodes, "each update", warnOfNode),
  forKind(resources.serviceaccounts, "each update", ({ metadata }, warnings) => {
    if (MOUNTABLE_SECRETS in (metadata.annotations ?? {}))
      warnings.at(METADATA.child("annotations").key(MOUNTABLE_SECRETS), SEPARATE_NAMESPACES);
  }),
]);
