import type { Container, PodAffinityTerm, PodSpec, PodTemplateSpec, Volume } from "../generated/core-v1.ts";
import type { ObjectMeta } from "../object.ts";
import type { FieldPath } from "../validation/field-path.ts";
import { containersOf } from "../validation/pod-containers.ts";
import { warnOfFraction } from "./byte-quantities.ts";
import { warnOfPorts } from "./container-ports.ts";
import { warnOfAddress, warnOfAddresses } from "./ip-form.ts";
import { deprecatedNodeLabel, warnOfNodeSelector, warnOfNodeSelectorTerm } from "./node-labels.ts";
import { warnOfClaim } from "./claim.ts";
import { warnOfOverlaps } from "./overlapping-paths.ts";
import type { Warnings } from "./warnings.ts";

type Annotations = Readonly<Record<string, string>>;

export function warnOfPodTemplate(template: PodTemplateSpec, path: FieldPath, warnings: Warnings): void {
  if (!template.spec) return;
  warnOfPodSpec(template.spec, path.child("spec"), template.metadata, path.child("metadata"), warnings);
}

export function warnOfPodSpec(
  spec: PodSpec,
  path: FieldPath,
  metadata: ObjectMeta | undefined,
  metadataPath: FieldPath,
  warnings: Warnings,
): void {
  const annotations = metadata?.annotations ?? {};
  const annotationsPath = metadataPath.child("annotations");
  warnOfHosts(spec, path, warnings);
  warnOfScheduling(spec, path, warnings);
  warnOfAnnotations(annotations, annotationsPath, warnings);
  warnOfVolumes(spec.volumes ?? [], path.child("volumes"), warnings);
  warnOfRepetitions(spec, path, warnings);
  for (const name of BYTES) warnOfFraction(spec.overhead, name, path.child("overhead"), warnings);
  if (!spec.securityContext?.seccompProfile && SECCOMP in annotations)
    warnings.at(annotationsPath.key(SECCOMP), 'non-functional in v1.27+; use the "seccompProfile" field instead');
  for (const { container, path: containerPath } of containersOf(spec, path)) {
    warnOfContainerProfiles(container, spec, annotations, annotationsPath, warnings);
    warnOfResources(container, containerPath.child("resources"), warnings);
    warnOfHiddenVariables(container, containerPath.child("env"), warnings);
  }
  warnOfPorts(spec, path, warnings);
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0)
    warnings.at(path.child("terminationGracePeriodSeconds"), NEGATIVE_PERIOD);
  warnOfUnmatchedPods(spec, path.child("affinity"), warnings);
}

function warnOfHosts({ dnsConfig, hostAliases }: PodSpec, path: FieldPath, warnings: Warnings): void {
  warnOfAddresses(dnsConfig?.nameservers, path.child("dnsConfig.nameservers"), warnings);
  for (const [i, { ip }] of (hostAliases ?? []).entries())
    warnOfAddress(ip, path.child("hostAliases").index(i).child("ip"), warnings);
}

function warnOfScheduling(spec: PodSpec, path: FieldPath, warnings: Warnings): void {
  for (const label of Object.keys(spec.nodeSelector ?? {})) {
    const deprecated = deprecatedNodeLabel(label);
    if (deprecated !== undefined) warnings.at(path.child("nodeSelector").key(label), deprecated);
  }
  const affinity = spec.affinity?.nodeAffinity;
  const affinityPath = path.child("affinity.nodeAffinity");
  const required = affinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (required) warnOfNodeSelector(required, affinityPath.child(REQUIRED), warnings);
  for (const [i, { preference }] of (affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries())
    warnOfNodeSelectorTerm(preference, affinityPath.child(PREFERRED).index(i).child("preference"), warnings);
  for (const [i, { topologyKey, labelSelector }] of (spec.topologySpreadConstraints ?? []).entries()) {
    const spread = path.child("topologySpreadConstraints").index(i);
    const deprecated = deprecatedNodeLabel(topologyKey);
    if (deprecated !== undefined) warnings.at(spread.child("topologyKey"), `${topologyKey} is ${deprecated}`);
    if (!labelSelector) warnings.at(spread.child("labelSelector"), NO_POD);
  }
}

const NEGATIVE_PERIOD = "must be >= 0; negative values are invalid and will be treated as 1";
const REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution";
const NO_POD = "a null labelSelector results in matching no pod";

function warnOfUnmatchedPods({ affinity }: PodSpec, path: FieldPath, warnings: Warnings): void {
  const check = ({ labelSelector }: PodAffinityTerm, termPath: FieldPath): void => {
    if (!labelSelector) warnings.at(termPath.child("labelSelector"), NO_POD);
  };
  for (const name of ["podAffinity", "podAntiAffinity"] as const) {
    const terms = affinity?.[name];
    const termsPath = path.child(name);
    for (const [i, term] of (terms?.[REQUIRED] ?? []).entries()) check(term, termsPath.child(REQUIRED).index(i));
    for (const [i, { podAffinityTerm }] of (terms?.[PREFERRED] ?? []).entries())
      check(podAffinityTerm, termsPath.child(PREFERRED).index(i).child("podAffinityTerm"));
  }
}

const SECCOMP = "seccomp.security.alpha.kubernetes.io/pod";
const CONTAINER_SECCOMP = "container.seccomp.security.alpha.kubernetes.io/";
const CONTAINER_APPARMOR = "container.apparmor.security.beta.kubernetes.io/";

const NON_FUNCTIONAL_ANNOTATIONS: readonly (readonly [name: string, text: string])[] = [
  ["scheduler.alpha.kubernetes.io/critical-pod", 'non-functional in v1.16+; use the "priorityClassName" field instead'],
  ["security.alpha.kubernetes.io/sysctls", 'non-functional in v1.11+; use the "sysctls" field instead'],
  ["security.alpha.kubernetes.io/unsafe-sysctls", 'non-functional in v1.11+; use the "sysctls" field instead'],
];

function warnOfAnnotations(annotations: Annotations, path: FieldPath, warnings: Warnings): void {
  for (const [name, text] of NON_FUNCTIONAL_ANNOTATIONS) if (name in annotations) warnings.at(path.key(name), text);
}

/** Annotations that were fields' predecessors, where the field is not used. */
function warnOfContainerProfiles(
  { name, securityContext }: Container,
  pod: PodSpec,
  annotations: Annotations,
  path: FieldPath,
  warnings: Warnings,
): void {
  const seccomp = CONTAINER_SECCOMP + name;
  if (!securityContext?.seccompProfile && seccomp in annotations)
    warnings.at(path.key(seccomp), 'non-functional in v1.27+; use the "seccompProfile" field instead');
  const appArmor = CONTAINER_APPARMOR + name;
  if (!securityContext?.appArmorProfile && !pod.securityContext?.appArmorProfile && appArmor in annotations)
    warnings.at(path.key(appArmor), 'deprecated since v1.30; use the "appArmorProfile" field instead');
}

/** Kinds of volumes that Kubernetes has given up, by their names in the API. */
const GONE_VOLUMES: readonly (readonly [name: keyof Volume, shown: string, text: string])[] = [
  ["photonPersistentDisk", "photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"],
  ["gitRepo", "gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"],
  ["scaleIO", "scaleIO", "deprecated in v1.16, non-functional in v1.22+"],
  ["flocker", "flocker", "deprecated in v1.22, non-functional in v1.25+"],
  ["storageos", "storageOS", "deprecated in v1.22, non-functional in v1.25+"],
  ["quobyte", "quobyte", "deprecated in v1.22, non-functional in v1.25+"],
  ["glusterfs", "glusterfs", "deprecated in v1.25, non-functional in v1.26+"],
  ["cephfs", "cephfs", "deprecated in v1.28, non-functional in v1.31+"],
  ["rbd", "rbd", "deprecated in v1.28, non-functional in v1.31+"],
];

function warnOfVolumes(volumes: readonly Volume[], path: FieldPath, warnings: Warnings): void {
  for (const [i, volume] of volumes.entries()) {
    for (const [name, shown, text] of GONE_VOLUMES)
      if (volume[name] !== undefined) warnings.at(path.index(i).child(shown), text);
    const claim = volume.ephemeral?.volumeClaimTemplate;
    if (claim) warnOfClaim(claim.spec, path.index(i).child("ephemeral.volumeClaimTemplate.spec"), warnings);
  }
  warnOfOverlaps(volumes, warnings);
}

function warnOfRepetitions(spec: PodSpec, path: FieldPath, warnings: Warnings): void {
  const addresses = new Set<string>();
  for (const [i, { ip }] of (spec.hostAliases ?? []).entries()) {
    if (addresses.has(ip)) warnings.at(path.child("hostAliases").index(i).child("ip"), `duplicate ip ${quoted(ip)}`);
    addresses.add(ip);
  }
  const secrets = (spec.imagePullSecrets ?? []).map(({ name = "" }) => name);
  const nameAt = (i: number): FieldPath => path.child("imagePullSecrets").index(i).child("name");
  for (const [i, name] of secrets.entries())
    if (secrets.indexOf(name) < i) warnings.at(nameAt(i), `duplicate name ${quoted(name)}`);
  for (const [i, name] of secrets.entries())
    if (name === "") warnings.at(nameAt(i), `invalid empty name ${quoted(name)}`);
}

const BYTES = ["memory", "ephemeral-storage"];

function warnOfResources({ resources }: Container, path: FieldPath, warnings: Warnings): void {
  if (!resources) return;
  for (const name of BYTES) {
    warnOfFraction(resources.limits, name, path.child("limits"), warnings);
    warnOfFraction(resources.requests, name, path.child("requests"), warnings);
  }
}

/** A variable that is set again counts only when its new value is made of the old one, and of more. */
function warnOfHiddenVariables({ env }: Container, path: FieldPath, warnings: Warnings): void {
  if (!env || env.length < 2) return;
  const seen = new Set<string>();
  for (const [i, { name, value }] of env.entries()) {
    const old = `$(${name})`;
    if (seen.has(name) && (!value?.includes(old) || value === old)) {
      const text = `hides previous definition of ${quoted(name)}, which may be dropped when using apply`;
      warnings.at(path.index(i), text);
    }
    seen.add(name);
  }
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
