import * as resources from "../generated/resources.ts";
import { validateClaimStatus, validateClaimUpdate } from "./claim-update.ts";
import { validateConfigMap, validateConfigMapUpdate } from "./config-map.ts";
import { validateEndpointSlice, validateEndpointSliceUpdate } from "./endpoint-slice.ts";
import { validateEndpoints, validateEndpointsUpdate } from "./endpoints.ts";
import { validateEvent, validateEventUpdate } from "./event.ts";
import { type KindRules, forKind } from "./kind-rule.ts";
import { validateLease } from "./lease.ts";
import { validateLimitRange } from "./limit-range.ts";
import { labelProblems, subdomainProblems } from "./names.ts";
import { validateNamespace, validateNamespaceFinalize, validateNamespaceStatus } from "./namespace.ts";
import { validateNode, validateNodeUpdate } from "./node.ts";
import { validateClaim } from "./persistent-volume-claim.ts";
import { validatePersistentVolume, validatePersistentVolumeUpdate } from "./persistent-volume.ts";
import { validatePodStatus } from "./pod-status.ts";
import { validatePodTemplate } from "./pod-template.ts";
import { validateEphemeralContainersUpdate, validatePodUpdate } from "./pod-update.ts";
import { validatePod } from "./pod.ts";
import { validateReplicationController, validateReplicationControllerStatus } from "./replication-controller.ts";
import { validateResourceQuota, validateResourceQuotaStatus, validateResourceQuotaUpdate } from "./resource-quota.ts";
import { validateSecret, validateSecretUpdate } from "./secret.ts";
import { validateServiceStatus, validateServiceUpdate } from "./service-update.ts";
import { validateAddresses, validateService } from "./service.ts";

/** The rules of the kinds of the core API, and those that belong to its services and nodes. */
export const CORE_KINDS: readonly (readonly [string, KindRules])[] = [
  forKind(resources.namespaces, {
    name: labelProblems,
    metaAgain: true,
    create: validateNamespace,
    subresources: {
      finalize: (namespace, _old, errors) => validateNamespaceFinalize(namespace, errors),
      status: (namespace, _old, errors) => validateNamespaceStatus(namespace, errors),
    },
  }),
  forKind(resources.configmaps, {
    name: subdomainProblems,
    metaAgain: true,
    create: validateConfigMap,
    update: validateConfigMapUpdate,
  }),
  forKind(resources.secrets, {
    name: subdomainProblems,
    metaAgain: true,
    create: validateSecret,
    update: validateSecretUpdate,
  }),
  forKind(resources.serviceaccounts, { name: subdomainProblems, metaAgain: true }),
  forKind(resources.services, {
    name: labelProblems,
    first: validateAddresses,
    create: (service, errors) => validateService(service, undefined, errors),
    update: validateServiceUpdate,
    subresources: { status: validateServiceStatus },
  }),
  forKind(resources.endpoints, {
    name: subdomainProblems,
    metaAgain: true,
    create: validateEndpoints,
    update: validateEndpointsUpdate,
  }),
  forKind(resources.endpointslices, {
    name: subdomainProblems,
    metaAgain: true,
    create: validateEndpointSlice,
    update: validateEndpointSliceUpdate,
  }),
  forKind(resources.pods, {
    name: subdomainProblems,
    metaAgain: true,
    create: validatePod,
    update: validatePodUpdate,
    subresources: { status: validatePodStatus, ephemeralcontainers: validateEphemeralContainersUpdate },
  }),
  forKind(resources.podtemplates, { name: subdomainProblems, create: validatePodTemplate }),
  forKind(resources.nodes, {
    name: subdomainProblems,
    create: validateNode,
    update: (node, old, errors) => {
      validateNode(node, errors);
      validateNodeUpdate(node, old, errors);
    },
    subresources: { status: validateNodeUpdate },
  }),
  forKind(resources.events, { create: validateEvent, update: validateEventUpdate }),
  forKind(resources.persistentvolumeclaims, {
    name: subdomainProblems,
    metaAgain: true,
    create: validateClaim,
    update: validateClaimUpdate,
    subresources: { status: (claim, _old, errors) => validateClaimStatus(claim, errors) },
  }),
  forKind(resources.leases, { name: subdomainProblems, anyFinalizer: true, create: validateLease }),
  forKind(resources.replicationcontrollers, {
    name: subdomainProblems,
    create: validateReplicationController,
    subresources: { status: (controller, _old, errors) => validateReplicationControllerStatus(controller, errors) },
  }),
  forKind(resources.persistentvolumes, {
    name: subdomainProblems,
    metaAgain: true,
    create: validatePersistentVolume,
    update: validatePersistentVolumeUpdate,
  }),
  forKind(resources.limitranges, { name: subdomainProblems, metaAgain: true, create: validateLimitRange }),
  forKind(resources.resourcequotas, {
    name: subdomainProblems,
    create: validateResourceQuota,
    update: validateResourceQuotaUpdate,
    subresources: { status: (quota, _old, errors) => validateResourceQuotaStatus(quota, errors) },
  }),
];
