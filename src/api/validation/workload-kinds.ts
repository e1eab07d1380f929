import * as resources from "../generated/resources.ts";
import { validateAutoscaler, validateAutoscalerStatus } from "./autoscaler.ts";
import { validateControllerRevision, validateControllerRevisionUpdate } from "./controller-revision.ts";
import { validateCronJob, validateCronJobUpdate } from "./cron-job.ts";
import { validateDaemonSet, validateDaemonSetStatus, validateDaemonSetUpdate } from "./daemon-set.ts";
import { validateDeployment, validateDeploymentStatus, validateDeploymentUpdate } from "./deployment.ts";
import { validateDisruptionBudget, validateDisruptionBudgetStatus } from "./disruption-budget.ts";
import { validateJob, validateJobUpdate } from "./job.ts";
import { type KindRules, forKind } from "./kind-rule.ts";
import { labelProblems, subdomainProblems } from "./names.ts";
import { validateReplicaSet, validateReplicaSetStatus, validateReplicaSetUpdate } from "./replica-set.ts";
import { validateStatefulSet, validateStatefulSetStatus, validateStatefulSetUpdate } from "./stateful-set.ts";

/** The rules of the kinds of the groups apps, batch, autoscaling and policy. */
export const WORKLOAD_KINDS: readonly (readonly [string, KindRules])[] = [
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
  forKind(resources.controllerrevisions, {
    name: subdomainProblems,
    metaAgain: true,
    create: validateControllerRevision,
    update: validateControllerRevisionUpdate,
  }),
  forKind(resources.jobs, { name: subdomainProblems, metaAgain: true, create: validateJob, update: validateJobUpdate }),
  forKind(resources.cronjobs, { name: subdomainProblems, create: validateCronJob, update: validateCronJobUpdate }),
  forKind(resources.horizontalpodautoscalers, {
    name: subdomainProblems,
    create: validateAutoscaler,
    subresources: { status: (autoscaler, _old, errors) => validateAutoscalerStatus(autoscaler, errors) },
  }),
  forKind(resources.poddisruptionbudgets, {
    create: validateDisruptionBudget,
    subresources: { status: (budget, _old, errors) => validateDisruptionBudgetStatus(budget, errors) },
  }),
];
