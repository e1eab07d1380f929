import * as resources from "../generated/resources.ts";
import {
  validateIngress,
  validateIngressClass,
  validateIngressClassUpdate,
  validateIngressStatus,
  validateIngressUpdate,
} from "./ingress.ts";
import { type KindRules, forKind } from "./kind-rule.ts";
import { pathSegmentProblems, subdomainProblems } from "./names.ts";
import { validateNetworkPolicy, validateNetworkPolicyUpdate } from "./network-policy.ts";
import { validatePriorityClass, validatePriorityClassUpdate } from "./priority-class.ts";
import {
  validateClusterRole,
  validateClusterRoleBinding,
  validateClusterRoleBindingUpdate,
  validateRole,
  validateRoleBinding,
  validateRoleBindingUpdate,
} from "./rbac.ts";
import { validateRuntimeClass, validateRuntimeClassUpdate } from "./runtime-class.ts";
import {
  validateAttributesClass,
  validateAttributesClassUpdate,
  validateCsiDriver,
  validateCsiDriverUpdate,
  validateStorageCapacity,
  validateStorageCapacityUpdate,
  validateStorageClass,
  validateStorageClassUpdate,
} from "./storage-class.ts";

/** The rules of the kinds of the groups networking, rbac, storage, scheduling and node. */
export const CLUSTER_KINDS: readonly (readonly [string, KindRules])[] = [
  forKind(resources.networkpolicies, {
    name: subdomainProblems,
    create: validateNetworkPolicy,
    update: validateNetworkPolicyUpdate,
  }),
  forKind(resources.ingresses, {
    name: subdomainProblems,
    metaAgain: true,
    create: validateIngress,
    update: validateIngressUpdate,
    subresources: { status: validateIngressStatus },
  }),
  forKind(resources.ingressclasses, {
    name: subdomainProblems,
    metaAgain: true,
    create: validateIngressClass,
    update: validateIngressClassUpdate,
  }),
  forKind(resources.roles, { name: pathSegmentProblems, create: validateRole }),
  forKind(resources.clusterroles, { name: pathSegmentProblems, create: validateClusterRole }),
  forKind(resources.rolebindings, {
    name: pathSegmentProblems,
    create: validateRoleBinding,
    update: validateRoleBindingUpdate,
  }),
  forKind(resources.clusterrolebindings, {
    name: pathSegmentProblems,
    create: validateClusterRoleBinding,
    update: validateClusterRoleBindingUpdate,
  }),
  forKind(resources.priorityclasses, {
    name: subdomainProblems,
    create: validatePriorityClass,
    update: validatePriorityClassUpdate,
  }),
  forKind(resources.runtimeclasses, {
    name: subdomainProblems,
    metaAgain: true,
    create: validateRuntimeClass,
    update: validateRuntimeClassUpdate,
  }),
  forKind(resources.storageclasses, {
    name: subdomainProblems,
    metaAgain: true,
    create: validateStorageClass,
    update: validateStorageClassUpdate,
  }),
  forKind(resources.volumeattributesclasses, {
    name: subdomainProblems,
    metaAgain: true,
    create: validateAttributesClass,
    update: validateAttributesClassUpdate,
  }),
  forKind(resources.csistoragecapacities, {
    name: subdomainProblems,
    metaAgain: true,
    create: validateStorageCapacity,
    update: validateStorageCapacityUpdate,
  }),
  forKind(resources.csidrivers, {
    name: subdomainProblems,
    create: validateCsiDriver,
    update: validateCsiDriverUpdate,
  }),
];
