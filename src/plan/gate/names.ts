import type { Release, ReleasePolicy } from "../../api/generated/sluice-dev.ts";

/** Names and labels that a release gives to what it makes. */

/** On Services and HTTPRoutes of ours: the name of the ReleasePolicy. */
export const POLICY_LABEL = "sluice.dev/policy";
/** On Services and HTTPRoutes of ours and on Releases: the name of the Deployment. */
export const DEPLOYMENT_LABEL = "sluice.dev/deployment";
/** Keeps a policy until its rule and Services are out of the way in the right order. */
export const FINALIZER = "sluice.dev/release";
/** The rule whose weights a release moves, in an HTTPRoute of ours or of the user. */
export const RELEASE_RULE = "release";
export const TESTERS_RULE = "testers";
/** The API group of the ExtensionRef filters by which the mesh knows the rule. */
export const GROUP = "sluice.dev";
/** Selects no pod: there is no new version. */
export const NO_HASH = "none";

/** Service names are DNS labels: at most 63 characters. */
const LONGEST_SERVICE_NAME = 63;

export const stableName = (deployment: string): string => `${deployment}-stable`;
export const newName = (deployment: string): string => `${deployment}-new`;
export const routeName = (service: string, port: number): string => `${service}-${port}-release`;

export function namesFit(deployment: string): boolean {
  return stableName(deployment).length <= LONGEST_SERVICE_NAME;
}

/** Of a uid, so much tells releases of one name apart. */
const UID_PART = 8;

/**
 * What the mesh counts under: opaque to it, new with each attempt. Workers serve all namespaces and remember which gates
 * they have shut, so a release of the same name in another namespace, or of a Deployment that was deleted and made anew,
 * has another session: `shop-2.1.3f1c9a70`.
 */
export function sessionOf({ metadata: { name, uid } }: Release, attempt: number): string {
  return `${name}.${attempt}.${uid.slice(0, UID_PART)}`;
}

/** The first that is free of `<deployment>-<revision>`, `<deployment>-<revision>-2`, … */
export function releaseName(deployment: string, revision: string, taken: ReadonlySet<string>): string {
  const base = `${deployment}-${revision}`;
  let name = base;
  for (let n = 2; taken.has(name); n++) name = `${base}-${n}`;
  return name;
}

export function policyLabels(policy: ReleasePolicy, deployment: string): Readonly<Record<string, string>> {
  return { [POLICY_LABEL]: policy.metadata.name, [DEPLOYMENT_LABEL]: deployment };
}
