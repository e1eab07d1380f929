import { decodeBase64 } from "../../api/decode/base64.ts";
import type { ConfigMap, Container, EnvVar, EnvVarSource, Pod, Secret, Service } from "../../api/generated/core-v1.ts";
import { expand } from "./expansion.ts";
import { type PodPlace, podField, resourceField } from "./pod-fields.ts";
import { serviceLinks } from "./service-links.ts";

/** A container that cannot be created because something that it names is not there; the message is the kubelet's. */
export class ContainerConfigError extends Error {
  readonly reason: "CreateContainerConfigError" | "CreateContainerError";

  constructor(message: string, reason: ContainerConfigError["reason"] = "CreateContainerConfigError") {
    super(message);
    this.name = "ContainerConfigError";
    this.reason = reason;
  }
}

/** The objects that a pod may refer to, by name in its namespace. */
export interface PodSources {
  readonly configMap: (name: string) => ConfigMap | undefined;
  readonly secret: (name: string) => Secret | undefined;
}

export interface EnvironmentView extends PodPlace {
  readonly pod: Pod;
  readonly container: Container;
  readonly sources: PodSources;
  /** Services of the pod's namespace, and `kubernetes` of `default`. */
  readonly services: readonly Service[];
  /** `NAME=value` of the image. */
  readonly imageEnv: readonly string[];
  readonly hostname: string;
}

const DEFAULT_PORT = 8080;

/**
 * All variables of a container's program. Later ones win: the image's, HOST, PORT and HOSTNAME, Services', `envFrom`,
 * `env`. Throws ContainerConfigError.
 */
export function containerEnvironment(view: EnvironmentView): Readonly<Record<string, string>> {
  const { pod, container, podIP, hostname } = view;
  const links = serviceLinks(
    pod.spec.enableServiceLinks === false ? view.services.filter(isApiService) : view.services,
  );
  const own = new Map<string, string>();
  for (const source of container.envFrom ?? []) addAll(own, view, source);
  for (const variable of container.env ?? []) addOne(own, view, links, variable);
  const port = container.ports?.[0]?.containerPort ?? DEFAULT_PORT;
  return {
    ...Object.fromEntries(links),
    HOST: podIP,
    PORT: String(port),
    HOSTNAME: hostname,
    ...imageEnvironment(view.imageEnv),
    ...Object.fromEntries(own),
  };
}

/** The Service through which programs find the API: known in every namespace, wanted or not. */
function isApiService({ metadata }: Service): boolean {
  return metadata.namespace === "default" && metadata.name === "kubernetes";
}

function imageEnvironment(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const equals = pair.indexOf("=");
      return equals < 0 ? [pair, ""] : [pair.slice(0, equals), pair.slice(equals + 1)];
    }),
  );
}

function addAll(
  env: Map<string, string>,
  { sources }: EnvironmentView,
  { prefix = "", configMapRef, secretRef }: NonNullable<Container["envFrom"]>[number],
): void {
  if (configMapRef) {
    const data = found("configmap", configMapRef, sources.configMap)?.data ?? {};
    for (const [key, value] of Object.entries(data)) env.set(prefix + key, value);
  }
  if (secretRef) {
    const data = found("secret", secretRef, sources.secret)?.data ?? {};
    for (const [key, value] of Object.entries(data)) env.set(prefix + key, decodeText(value));
  }
}

function addOne(
  env: Map<string, string>,
  view: EnvironmentView,
  links: ReadonlyMap<string, string>,
  variable: EnvVar,
): void {
  const { name, value, valueFrom } = variable;
  if (value)
    env.set(
      name,
      expand(value, (other) => env.get(other) ?? links.get(other)),
    );
  else if (!valueFrom) env.set(name, "");
  else {
    const found = valueOf(view, valueFrom);
    if (found !== undefined) env.set(name, found);
  }
}

/** Undefined for an optional reference to something that is not there: the variable is then left out. */
function valueOf(view: EnvironmentView, from: EnvVarSource): string | undefined {
  const { pod, container, sources } = view;
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = from;
  if (fieldRef)
    return required(podField(pod, view, fieldRef.fieldPath), `unsupported fieldPath: ${fieldRef.fieldPath}`);
  if (resourceFieldRef) {
    const problem = `unsupported container resource : ${resourceFieldRef.resource}`;
    return required(resourceField(pod, container, view, resourceFieldRef), problem);
  }
  const namespace = pod.metadata.namespace ?? "";
  if (configMapKeyRef) return keyOf("configmap", configMapKeyRef, sources.configMap, `ConfigMap ${namespace}`);
  const value = secretKeyRef && keyOf("secret", secretKeyRef, sources.secret, `Secret ${namespace}`);
  return value === undefined ? undefined : decodeText(value);
}

function required(value: string | undefined, problem: string): string {
  if (value === undefined) throw new ContainerConfigError(problem);
  return value;
}

interface Reference {
  readonly name?: string;
  readonly optional?: boolean;
}

function found<T>(
  kind: "configmap" | "secret",
  { name = "", optional }: Reference,
  find: (name: string) => T | undefined,
): T | undefined {
  const object = find(name);
  if (!object && !optional) throw new ContainerConfigError(`${kind} ${JSON.stringify(name)} not found`);
  return object;
}

function keyOf(
  kind: "configmap" | "secret",
  reference: Reference & { readonly key: string },
  find: (name: string) => { readonly data?: Readonly<Record<string, string>> } | undefined,
  label: string,
): string | undefined {
  const object = found(kind, reference, find);
  const value = object?.data?.[reference.key];
  if (object && value === undefined && !reference.optional) {
    throw new ContainerConfigError(`couldn't find key ${reference.key} in ${label}/${reference.name}`);
  }
  return value;
}

function decodeText(base64: string): string {
  return new TextDecoder().decode(decodeBase64(base64));
}
