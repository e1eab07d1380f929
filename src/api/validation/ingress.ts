import type { TypedLocalObjectReference } from "../generated/core-v1.ts";
import type {
  HTTPIngressPath,
  Ingress,
  IngressBackend,
  IngressClass,
  IngressSpec,
} from "../generated/networking-v1.ts";
import { validateDomainPath } from "./domain-path.ts";
import { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";
import { parseIp, validateIp } from "./ip-address.ts";
import {
  labelProblems,
  pathSegmentProblems,
  portNameProblems,
  portNumberProblems,
  subdomainProblems,
  wildcardProblems,
} from "./names.ts";

/** https://kubernetes.io/docs/concepts/services-networking/ingress/ */

const SPEC = FieldPath.of("spec");
const CLASS = "kubernetes.io/ingress.class";

export function validateIngress({ metadata, spec }: Ingress, errors: FieldErrors): void {
  validateSpec(spec, undefined, errors);
  const annotation = metadata.annotations?.[CLASS];
  if (annotation === undefined || spec.ingressClassName === undefined || annotation === spec.ingressClassName) return;
  const why = "must match `ingressClassName` when both are specified";
  errors.invalid(FieldPath.of("annotations").child(CLASS), annotation, why);
}

export function validateIngressUpdate({ spec }: Ingress, { spec: old }: Ingress, errors: FieldErrors): void {
  validateSpec(spec, old, errors);
}

/** @param old what an older server let in can stay */
function validateSpec(spec: IngressSpec, old: IngressSpec | undefined, errors: FieldErrors): void {
  const { rules = [], defaultBackend, ingressClassName } = spec;
  if (rules.length === 0 && !defaultBackend)
    errors.invalid(SPEC, null, "either `defaultBackend` or `rules` must be specified");
  if (defaultBackend) validateIngressBackend(defaultBackend, SPEC.child("defaultBackend"), errors);
  validateRules(spec, allowsBadWildcards(old), errors);
  validateTls(spec, old, errors);
  if (ingressClassName !== undefined)
    errors.invalidAll(SPEC.child("ingressClassName"), ingressClassName, subdomainProblems(ingressClassName));
}

function allowsBadWildcards(old: IngressSpec | undefined): boolean {
  const found = new FieldErrors();
  validateRules({ rules: (old?.rules ?? []).filter(({ host = "" }) => host.includes("*")) }, false, found);
  return found.list.some(({ field }) => field.includes(".http"));
}

function validateRules({ rules = [] }: IngressSpec, allowBadWildcards: boolean, errors: FieldErrors): void {
  for (const [i, { host = "", http }] of rules.entries()) {
    const path = SPEC.child("rules").index(i);
    if (host !== "") {
      if (parseIp(host)) errors.invalid(path.child("host"), host, "must be a DNS name, not an IP address");
      errors.invalidAll(path.child("host"), host, hostProblems(host));
    }
    if (!http || (host.includes("*") && allowBadWildcards)) continue;
    const pathsPath = path.child("http").child("paths");
    if (!http.paths?.length) errors.required(pathsPath);
    for (const [j, each] of (http.paths ?? []).entries()) validatePath(each, pathsPath.index(j), errors);
  }
}

function hostProblems(host: string): string[] {
  return host.includes("*") ? wildcardProblems(host) : subdomainProblems(host);
}

function validateTls({ tls = [] }: IngressSpec, old: IngressSpec | undefined, errors: FieldErrors): void {
  const secretProblems = (name: string): string[] => (name === "" ? [] : subdomainProblems(name));
  const allowsBadNames = old?.tls?.some(({ secretName = "" }) => secretProblems(secretName).length > 0) ?? false;
  for (const [i, { hosts = [], secretName = "" }] of tls.entries()) {
    const path = SPEC.child("tls").index(i);
    for (const [j, host] of hosts.entries()) errors.invalidAll(path.child("hosts").index(j), host, hostProblems(host));
    if (!allowsBadNames) errors.invalidAll(path.child("secretName"), secretName, secretProblems(secretName));
  }
}

const PATH_TYPES = ["Exact", "ImplementationSpecific", "Prefix"];
const FORBIDDEN_PARTS = ["//", "/./", "/../", "%2f", "%2F"];
const FORBIDDEN_ENDS = ["/..", "/."];

function validatePath(
  { path: text = "", pathType, backend }: HTTPIngressPath,
  path: FieldPath,
  errors: FieldErrors,
): void {
  // A pointer that is always written: null when it is not set.
  if (pathType === undefined || pathType === null)
    return errors.required(path.child("pathType"), "pathType must be specified");
  const type: string = pathType;
  const textPath = path.child("path");
  errors.oneOf(path.child("pathType"), type, PATH_TYPES);
  const isStrict = type === "Exact" || type === "Prefix";
  if (!text.startsWith("/") && (isStrict || (type === "ImplementationSpecific" && text !== "")))
    errors.invalid(textPath, text, "must be an absolute path");
  for (const part of isStrict ? FORBIDDEN_PARTS : [])
    if (text.includes(part)) errors.invalid(textPath, text, `must not contain '${part}'`);
  for (const end of isStrict ? FORBIDDEN_ENDS : [])
    if (text.endsWith(end)) errors.invalid(textPath, text, `cannot end with '${end}'`);
  validateIngressBackend(backend, path.child("backend"), errors);
}

function validateIngressBackend({ service, resource }: IngressBackend, path: FieldPath, errors: FieldErrors): void {
  if (resource && service) return errors.invalid(path, "", "cannot set both resource and service backends");
  if (resource) return validateReference(resource, path.child("resource"), errors);
  if (!service) return errors.invalid(path, "", "resource or service backend is required");
  const servicePath = path.child("service");
  if (service.name === "") errors.required(servicePath.child("name"));
  else errors.invalidAll(servicePath.child("name"), service.name, labelProblems(service.name));
  const { name = "", number = 0 } = service.port ?? {};
  if (name !== "" && number !== 0) errors.invalid(path, "", "cannot set both port name & port number");
  else if (name !== "") errors.invalidAll(servicePath.child("port").child("name"), name, portNameProblems(name));
  else if (number !== 0)
    errors.invalidAll(servicePath.child("port").child("number"), number, portNumberProblems(number));
  else errors.required(path, "port name or number is required");
}

function validateReference(reference: TypedLocalObjectReference, path: FieldPath, errors: FieldErrors): void {
  const { apiGroup } = reference;
  if (typeof apiGroup === "string") errors.invalidAll(path.child("apiGroup"), apiGroup, subdomainProblems(apiGroup));
  for (const name of ["kind", "name"] as const) {
    const value = reference[name];
    if (value === "") errors.required(path.child(name));
    else errors.invalidAll(path.child(name), value, pathSegmentProblems(value));
  }
}

export function validateIngressStatus({ status }: Ingress, old: Ingress, errors: FieldErrors): void {
  const path = FieldPath.of("status").child("loadBalancer").child("ingress");
  const kept = (old.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => (ip ? [ip] : []));
  for (const [i, { ip, hostname }] of (status?.loadBalancer?.ingress ?? []).entries()) {
    if (ip) validateIp(ip, path.index(i).child("ip"), errors, kept);
    if (!hostname) continue;
    const namePath = path.index(i).child("hostname");
    errors.invalidAll(namePath, hostname, subdomainProblems(hostname));
    if (parseIp(hostname)) errors.invalid(namePath, hostname, "must be a DNS name, not an IP address");
  }
}

const MAX_CONTROLLER = 250;
const SCOPES = ["Cluster", "Namespace"];

export function validateIngressClass({ spec }: IngressClass, errors: FieldErrors): void {
  const { controller = "", parameters } = spec;
  if (controller.length > MAX_CONTROLLER) errors.tooLong(SPEC.child("controller"), MAX_CONTROLLER);
  validateDomainPath(controller, SPEC.child("controller"), errors);
  if (!parameters) return;
  const path = SPEC.child("parameters");
  validateReference(parameters, path, errors);
  const { scope, namespace } = parameters;
  if (scope === undefined || scope === null) return errors.required(path.child("scope"));
  errors.oneOf(path.child("scope"), scope, SCOPES);
  const namespacePath = path.child("namespace");
  if (scope === "Cluster" && namespace !== undefined)
    errors.forbidden(namespacePath, "`parameters.scope` is set to 'Cluster'");
  if (scope !== "Namespace") return;
  if (namespace === undefined) errors.required(namespacePath, "`parameters.scope` is set to 'Namespace'");
  else errors.invalidAll(namespacePath, namespace, labelProblems(namespace));
}

export function validateIngressClassUpdate(ingressClass: IngressClass, old: IngressClass, errors: FieldErrors): void {
  const { controller = "" } = ingressClass.spec ?? {};
  if (controller !== (old.spec?.controller ?? "")) errors.immutable(SPEC.child("controller"), controller);
  validateIngressClass(ingressClass, errors);
}
