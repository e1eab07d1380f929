import * as resources from "../generated/resources.ts";
import { validateClaimStatus, validateClaimUpdate } from "./claim-update.ts";
import { validateConfigMap, validateConfigMapUpdate } from "./config-map.ts";
import { validateDaemonSet, validateDaemonSetStatus, validateDaemonSetUpdate } from "./daemon-set.ts";
import { validateDeployment, validateDeploymentStatus, validateDeploymentUpdate } from "./deployment.ts";
import { validateEndpointSlice, validateEndpointSliceUpdate } from "./endpoint-slice.ts";
import { validateEndpoints, validateEndpointsUpdate } from "./endpoints.ts";
import { validateEvent } from "./event.ts";
import { forKind, type KindRules } from "./kind-rule.ts";
import { validateLease } from "./lease.ts";
import { labelProblems, subdomainProblems } from "./names.ts";
import { validateNamespace, validateNamespaceFinalize, validateNamespaceStatus } from "./namespace.ts";
import { validateNode, validateNodeUpdate } from "./node.ts";
import { validateClaim } from "./persistent-volume-claim.ts";
import { validatePod } from "./pod.ts";
import { validatePodStatus } from "./pod-status.ts";
import { validatePodTemplate } from "./pod-template.ts";
import { validateEphemeralContainersUpdate, validatePodUpdate } from "./pod-update.ts";
import { validateReplicaSet, validateReplicaSetStatus, validateReplicaSetUpdate } from "./replica-set.ts";
import { validateSecret, validateSecretUpdate } from "./secret.ts";
import { validateService } from "./service.ts";
import { validateServiceStatus, validateServiceUpdate } from "./service-update.ts";
import { validateStatefulSet, validateStatefulSetStatus, validateStatefulSetUpdate } from "./stateful-set.ts";

/** The rules of the kinds by `group/Kind`. */
export const KIND_RULES: ReadonlyMap<string, KindRules> = new Map([
  forKind(resources.namespaces, {
    name: labelProblems,
    create: validateNamespace,
    update: nothing,
    subresources: {
      finalize: (namespace, _old, errors) => validateNamespaceFinalize(namespace, errors),
      status: (namespace, _old, errors) => validateNamespaceStatus(namespace, errors),
    },
  }),
  forKind(resources.configmaps, {
    name: subdomainProblems,
    create: validateConfigMap,
    update: validateConfigMapUpdate,
  }),
  forKind(resources.secrets, { name: subdomainProblems, create: validateSecret, update: validateSecretUpdate }),
  forKind(resources.serviceaccounts, { name: subdomainProblems }),
  forKind(resources.services, {
    name: labelProblems,
    create: (service, errors) => validateService(service, undefined, errors),
    update: validateServiceUpdate,
    subresources: { status: validateServiceStatus },
  }),
  forKind(resources.endpoints, {
    name: subdomainProblems,
    create: validateEndpoints,
    update: validateEndpointsUpdate,
  }),
  forKind(resources.endpointslices, {
    name: subdomainProblems,
    create: validateEndpointSlice,
    update: validateEndpointSliceUpdate,
  }),
  forKind(resources.pods, {
    name: subdomainProblems,
    create: validatePod,
    update: validatePodUpdate,
    subresources: { status: validatePodStatus, ephemeralcontainers: validateEphemeralContainersUpdate },
  }),
  forKind(resources.podtemplates, { name: subdomainProblems, create: validatePodTemplate }),
  forKind(resources.nodes, {
    name: subdomainProblems,
    create: validateNode,
    update: validateNodeUpdate,
    subresources: { status: validateNodeUpdate },
  }),
  forKind(resources.events, { create: validateEvent }),
  forKind(resources.persistentvolumeclaims, {
    name: subdomainProblems,
    create: validateClaim,
    update: validateClaimUpdate,
    subresources: { status: (claim, _old, errors) => validateClaimStatus(claim, errors) },
  }),
  forKind(resources.replicasets, {
    name: subdomainProblems,
    create: validateReplicaSet,
    update: validateReplicaSetUpdate,
    subresources: { status: (set, _old, errors) => validateReplicaSetStatus(set, errors) },
  }),
  forKind(resources.deployments, {
    name: subdomainProblems,
    create: validateDeployment,
    update: validateDeploymentUpdate,
    subresources: { status: validateDeploymentStatus },
  }),
  forKind(resources.daemonsets, {
    name: subdomainProblems,
    create: validateDaemonSet,
    update: validateDaemonSetUpdate,
    subresources: { status: validateDaemonSetStatus },
  }),
  forKind(resources.statefulsets, {
    name: labelProblems,
    create: validateStatefulSet,
    update: validateStatefulSetUpdate,
    subresources: { status: validateStatefulSetStatus },
  }),
  forKind(resources.leases, { name: subdomainProblems, create: validateLease }),
]);

/** Only metadata is looked at. */
function nothing(): void {}
