import type { Deployment, DeploymentSpec, DeploymentStrategy } from "../../api/generated/apps-v1.ts";
import { isJsonObject } from "../../lib/json.ts";

/**
 * The gate on a native Deployment. While it is shut, pods of a new template run and are Ready, but never count as available,
 * so the Deployment controller takes no old pod away and the Deployment stays Available (tried on Kubernetes 1.36).
 */
export interface Gate {
  /** pod-template-hash of the released version, whose pods serve the users. */
  readonly stable: string;
  /** What the user wants in the fields that the gate occupies. */
  readonly user: UserValues;
}

export interface UserValues {
  readonly minReadySeconds?: number;
  readonly progressDeadlineSeconds?: number;
  readonly strategy?: DeploymentStrategy;
}

/** Keeps the Gate on the Deployment. `kubectl rollout undo` replaces annotations, so only the stored object's counts. */
export const GATE_ANNOTATION = "sluice.dev/gate";
/** Validation asks for less than the deadline. */
const NEVER_AVAILABLE = 2_147_483_646;
/** Means: no deadline. */
const NO_DEADLINE = 2_147_483_647;
/** What Kubernetes fills in; the answer when what the user wanted is lost. */
const DEFAULT_DEADLINE = 600;

export function isShut({ spec }: Deployment): boolean {
  return spec.minReadySeconds === NEVER_AVAILABLE && spec.progressDeadlineSeconds === NO_DEADLINE;
}

/** The gate of a Deployment on which it is shut; undefined when it is open or what it kept is lost. */
export function gateOf(deployment: Deployment): Gate | undefined {
  const text = deployment.metadata.annotations?.[GATE_ANNOTATION];
  if (!isShut(deployment) || text === undefined) return undefined;
  const kept = parsed(text);
  if (!isJsonObject(kept) || typeof kept["stable"] !== "string") return undefined;
  return { stable: kept["stable"], user: isJsonObject(kept["user"]) ? (kept["user"] as UserValues) : {} };
}

/** The Deployment with the gate shut and room for `dark` pods of the new template. */
export function shut(deployment: Deployment, gate: Gate, dark: number): Deployment {
  return {
    ...deployment,
    metadata: {
      ...deployment.metadata,
      annotations: { ...deployment.metadata.annotations, [GATE_ANNOTATION]: JSON.stringify(gate) },
    },
    spec: { ...deployment.spec, ...gateFields(dark) },
  };
}

/** The fields of a shut gate. */
export function gateFields(dark: number): Pick<DeploymentSpec, keyof UserValues> {
  return {
    minReadySeconds: NEVER_AVAILABLE,
    progressDeadlineSeconds: NO_DEADLINE,
    strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: dark } },
  };
}

/** The Deployment with the gate open and the user's own values. */
export function open(deployment: Deployment, user: UserValues): Deployment {
  return withoutAnnotation(withUserValues(deployment, user));
}

/** The values of an open Deployment, all of which are the user's. */
export function userValuesOf({ spec }: Deployment): UserValues {
  return {
    ...(spec.minReadySeconds !== undefined && { minReadySeconds: spec.minReadySeconds }),
    ...(spec.progressDeadlineSeconds !== undefined && { progressDeadlineSeconds: spec.progressDeadlineSeconds }),
    ...(spec.strategy && { strategy: spec.strategy }),
  };
}

export function withUserValues(deployment: Deployment, user: UserValues): Deployment {
  const { minReadySeconds: _m, progressDeadlineSeconds: _p, strategy: _s, ...others } = deployment.spec;
  const spec = {
    ...others,
    ...(user.minReadySeconds !== undefined && { minReadySeconds: user.minReadySeconds }),
    progressDeadlineSeconds: user.progressDeadlineSeconds ?? DEFAULT_DEADLINE,
    strategy: user.strategy ?? { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "25%", maxSurge: "25%" } },
  } satisfies DeploymentSpec;
  return { ...deployment, spec };
}

/** Our annotation says what our gate does; copied from elsewhere it would lie. */
export function withoutAnnotation(deployment: Deployment): Deployment {
  const annotations = deployment.metadata.annotations;
  if (annotations?.[GATE_ANNOTATION] === undefined) return deployment;
  const { [GATE_ANNOTATION]: _, ...others } = annotations;
  return { ...deployment, metadata: { ...deployment.metadata, annotations: others } };
}

/**
 * What the user wants after a write to a Deployment whose gate is shut: `kept`, except where `next` says something that
 * the gate did not write. A manifest that names a value equal to the gate's own is told apart by what `kubectl apply`
 * notes of it; from a server-side apply it cannot be told.
 */
export function userValuesAfter(old: Deployment, next: Deployment, kept: UserValues): UserValues {
  const declared = newlyDeclared(old, next);
  const minReadySeconds =
    next.spec.minReadySeconds === NEVER_AVAILABLE ? kept.minReadySeconds : next.spec.minReadySeconds;
  const deadline =
    next.spec.progressDeadlineSeconds === NO_DEADLINE
      ? (numberAt(declared, "progressDeadlineSeconds") ?? kept.progressDeadlineSeconds)
      : next.spec.progressDeadlineSeconds;
  const strategy = strategyAfter(old.spec.strategy, next.spec.strategy, kept.strategy, declared);
  return {
    ...(minReadySeconds !== undefined && { minReadySeconds }),
    ...(deadline !== undefined && { progressDeadlineSeconds: deadline }),
    ...(strategy && { strategy }),
  };
}

type Declared = Readonly<Record<string, unknown>> | undefined;

function strategyAfter(
  old: DeploymentStrategy | undefined,
  next: DeploymentStrategy | undefined,
  kept: DeploymentStrategy | undefined,
  declared: Declared,
): DeploymentStrategy | undefined {
  if (!next || next.type === "Recreate") return next ?? kept;
  const named = rollingUpdateAt(declared);
  const [before, after] = [old?.rollingUpdate ?? {}, next.rollingUpdate ?? {}];
  const maxSurge = changed(before.maxSurge, after.maxSurge, named.maxSurge);
  const maxUnavailable = changed(before.maxUnavailable, after.maxUnavailable, named.maxUnavailable);
  if (maxSurge === undefined && maxUnavailable === undefined) return kept;
  const { maxSurge: keptSurge = "25%", maxUnavailable: keptUnavailable = "25%" } = kept?.rollingUpdate ?? {};
  return {
    type: "RollingUpdate",
    rollingUpdate: { maxUnavailable: maxUnavailable ?? keptUnavailable, maxSurge: maxSurge ?? keptSurge },
  };
}

function rollingUpdateAt(declared: Declared): RollingUpdate {
  const strategy = declared?.["strategy"];
  const rolling = isJsonObject(strategy) ? strategy["rollingUpdate"] : undefined;
  return isJsonObject(rolling) ? (rolling as RollingUpdate) : {};
}

type RollingUpdate = NonNullable<DeploymentStrategy["rollingUpdate"]>;
type Amount = number | string | undefined;

/** What the user says with `after`, or named in a manifest; undefined when it is what was there `before`. */
function changed(before: Amount, after: Amount, named: Amount): Amount {
  if (typeof named === "number" || typeof named === "string") return named;
  return after === before ? undefined : after;
}

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** The spec of the manifest that this write applied on the client's side, if it did. */
function newlyDeclared(old: Deployment, next: Deployment): Declared {
  const text = next.metadata.annotations?.[LAST_APPLIED];
  if (text === undefined || text === old.metadata.annotations?.[LAST_APPLIED]) return undefined;
  const manifest = parsed(text);
  return isJsonObject(manifest) && isJsonObject(manifest["spec"]) ? manifest["spec"] : undefined;
}

function numberAt(declared: Declared, field: string): number | undefined {
  const value = declared?.[field];
  return typeof value === "number" ? value : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
