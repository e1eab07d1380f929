import type { HTTPRoute } from "../../api/generated/gateway-networking-k8s-io.ts";
import type { ReleasePolicy } from "../../api/generated/sluice-dev.ts";
import type { KubeObject } from "../../api/object.ts";
import { open } from "../gate/gate.ts";
import { DEPLOYMENT_LABEL, FINALIZER, POLICY_LABEL, RELEASE_RULE, stableName } from "../gate/names.ts";
import { currentSet, hashOf } from "../gate/released-set.ts";
import { TEMPLATE_HASH_LABEL } from "../pods/pod-template.ts";
import { isActive } from "../pods/readiness.ts";
import type { ReleaseAction } from "./actions.ts";
import { pinOf } from "./backend-services.ts";
import { servicesOf } from "./frontends.ts";
import { leadsToNone, routesInForce } from "./in-force.ts";
import { liveWorkers } from "../routing/live-workers.ts";
import { splitOf, userRouteRestored } from "./release-rule.ts";
import { restingPin } from "./resting-pin.ts";
import type { Situation } from "./situation.ts";
import type { ReleaseView } from "./view.ts";

/**
 * Ends everything of policies that are gone or going: rule given back, then Services, then a gate that is still shut (a
 * template that came meanwhile goes the way of Kubernetes), then the finalizer.
 */
export function planRemoval(s: Situation | undefined, view: ReleaseView, now: number): ReleaseAction[] {
  const why = "the policy is gone";
  const { actions, done } = giveBack(view, now, why);
  if (!done) return [...(s ? followRollout(s, why) : []), ...actions];
  const opened = s ? openGate(s, why) : [];
  return opened.length > 0 ? opened : letGo(view);
}

/** Policies that are being deleted and have nothing left, or whose rule and Services `heir` has taken over. */
export function letGo(view: ReleaseView, heir?: ReleasePolicy): ReleaseAction[] {
  return view.policies
    .filter(({ metadata }) => metadata.deletionTimestamp !== undefined && metadata.finalizers?.includes(FINALIZER))
    .filter((policy) => policy.metadata.uid !== heir?.metadata.uid && !isNamed(policy, view))
    .map((policy) => ({ kind: "updatePolicy", object: withoutFinalizer(policy), why: "nothing of it is left" }));
}

/** A rule still says that it is this policy's, which tells the mesh how to retry. */
function isNamed({ metadata: { name } }: ReleasePolicy, { routes }: ReleaseView): boolean {
  return routes.some(({ spec }) =>
    spec.rules?.some(({ filters }) =>
      filters?.some(({ extensionRef }) => extensionRef?.kind === "ReleasePolicy" && extensionRef.name === name),
    ),
  );
}

function withoutFinalizer(policy: ReleasePolicy): ReleasePolicy {
  const finalizers = (policy.metadata.finalizers ?? []).filter((each) => each !== FINALIZER);
  return { ...policy, metadata: { ...policy.metadata, finalizers } };
}

/** The same for a policy whose gate cannot hold, and which stays. */
export function removeForObstacle(s: Situation, why: string): ReleaseAction[] {
  const { actions, done } = giveBack(s.view, s.now, why);
  return done ? openGate(s, why) : [...followRollout(s, why), ...actions];
}

/** The template goes the way of Kubernetes. */
function openGate(s: Situation, why: string): ReleaseAction[] {
  return s.shut && s.gate ? [{ kind: "updateDeployment", object: open(s.deployment, s.gate.user), why }] : [];
}

/** As long as the rule is there, `-stable` has to lead to the pods that Kubernetes keeps. */
function followRollout(s: Situation, why: string): ReleaseAction[] {
  const service = s.view.services.find(({ metadata }) => metadata.name === stableName(s.view.name));
  const pin = restingPin(s);
  if (!service || !isOurs(service, s.view) || pinOf(service) === pin) return [];
  const { [TEMPLATE_HASH_LABEL]: _, ...labels } = service.spec.selector ?? {};
  const selector = pin === undefined ? labels : { ...labels, [TEMPLATE_HASH_LABEL]: pin };
  return [{ kind: "updateService", object: { ...service, spec: { ...service.spec, selector } }, why }];
}

/**
 * Takes the rule away without a gap: first it sends everything to the Service itself, as if it were not there; once that
 * is in force, the routes and Services of ours go. A rule that points to a Service that is gone would answer 500.
 */
function giveBack(view: ReleaseView, now: number, why: string): { actions: ReleaseAction[]; done: boolean } {
  const ours = view.routes.filter((route) => isOurs(route, view));
  const holders = view.routes.filter(({ spec }) => spec.rules?.some(({ name }) => name === RELEASE_RULE));
  const split = holders.filter((route) => splitOf(route, view.name) !== undefined);
  const services = view.services.filter((service) => isOurs(service, view));
  if (ours.length + split.length + services.length === 0) return { actions: [], done: true };
  // Without the rule the Service leads to every pod of the Deployment.
  const served = !view.capabilities.acknowledges || liveWorkers(view.workers, now).length > 0;
  if (split.length > 0 && served && !darkPodsAreGone(view, now)) return { actions: [], done: false };
  const restored = split.flatMap((route): ReleaseAction[] => {
    const changed = restore(route, view);
    return changed ? [{ kind: "updateRoute", object: changed, why }] : [];
  });
  if (restored.length > 0) return { actions: restored, done: false };
  // With no worker at all nobody serves by the old rule.
  if (served && !routesInForce(view, [...ours, ...holders], now)) return { actions: [], done: false };
  return {
    actions: [
      ...ours.map(({ metadata }) => ({ kind: "deleteRoute" as const, name: metadata.name, why })),
      ...services.map(({ metadata }) => ({ kind: "deleteService" as const, name: metadata.name, why })),
    ],
    done: false,
  };
}

/** No pod but those of the version behind `-stable` and of the present template is left, or can be met by users. */
function darkPodsAreGone(view: ReleaseView, now: number): boolean {
  const pin = pinOf(view.services.find(({ metadata }) => metadata.name === stableName(view.name)));
  const current = view.deployment && currentSet(view.deployment, view.replicaSets);
  if (pin === undefined || !view.deployment) return true;
  const meant = new Set([pin, current && hashOf(current)]);
  const sets = view.replicaSets.filter((set) => !meant.has(hashOf(set)));
  const dark = view.pods.filter(({ metadata }) => !meant.has(metadata.labels?.[TEMPLATE_HASH_LABEL]));
  return (
    sets.every(({ spec, status }) => (spec.replicas ?? 1) === 0 && (status?.replicas ?? 0) === 0) &&
    !dark.some(isActive) &&
    servicesOf(view.deployment, view.services).every(({ metadata }) => leadsToNone(view, metadata.name, dark, now))
  );
}

function isOurs({ metadata }: KubeObject, view: ReleaseView): boolean {
  return metadata.labels?.[DEPLOYMENT_LABEL] === view.name && metadata.labels?.[POLICY_LABEL] !== undefined;
}

function restore(route: HTTPRoute, view: ReleaseView): HTTPRoute | undefined {
  const parent = route.spec.parentRefs?.find(({ kind }) => kind === "Service");
  if (!parent) return undefined;
  const ports = view.services.find(({ metadata }) => metadata.name === parent.name)?.spec.ports ?? [];
  const port = parent.port ?? ports[0]?.port;
  if (port === undefined) return undefined;
  return userRouteRestored(route, { service: parent.name, port });
}
