import type { HostAlias, PodDNSConfig, PodSpec } from "../generated/core-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import type { FieldPath } from "./field-path.ts";
import { validateIp } from "./ip-address.ts";
import { labelProblems, subdomainProblems, underscoredSubdomainProblems } from "./names.ts";

/** Names and name resolution of pods. https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/ */

const DNS_POLICIES = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
/** What resolv.conf(5) takes. */
const MAX_NAMESERVERS = 3;
const MAX_SEARCHES = 32;
const MAX_SEARCH_CHARACTERS = 2048;

export function validateDnsPolicy(policy: string | undefined, path: FieldPath, errors: FieldErrors): void {
  errors.requiredOneOf(path, policy, DNS_POLICIES);
}

export function validateDnsConfig({ dnsConfig, dnsPolicy }: PodSpec, path: FieldPath, errors: FieldErrors): void {
  const servers = dnsConfig?.nameservers ?? [];
  const serversPath = path.child("nameservers");
  if (dnsPolicy === "None") {
    if (!dnsConfig) return errors.required(path, "must provide `dnsConfig` when `dnsPolicy` is None");
    if (servers.length === 0)
      return errors.required(serversPath, "must provide at least one DNS nameserver when `dnsPolicy` is None");
  }
  if (!dnsConfig) return;
  if (servers.length > MAX_NAMESERVERS)
    errors.invalid(serversPath, servers, `must not have more than ${MAX_NAMESERVERS} nameservers`);
  for (const [i, server] of servers.entries()) validateIp(server, serversPath.index(i), errors);
  validateSearches(dnsConfig, path.child("searches"), errors);
  for (const [i, option] of (dnsConfig.options ?? []).entries())
    if (!option.name) errors.required(path.child("options").index(i), "must not be empty");
}

function validateSearches({ searches = [] }: PodDNSConfig, path: FieldPath, errors: FieldErrors): void {
  if (searches.length > MAX_SEARCHES)
    errors.invalid(path, searches, `must not have more than ${MAX_SEARCHES} search paths`);
  if (searches.join(" ").length > MAX_SEARCH_CHARACTERS) {
    const why = `must not have more than ${MAX_SEARCH_CHARACTERS} characters (including spaces) in the search list`;
    errors.invalid(path, searches, why);
  }
  for (const [i, search] of searches.entries()) {
    if (search === ".") continue;
    const name = search.replace(/\.$/, "");
    errors.invalidAll(path.index(i), name, underscoredSubdomainProblems(name));
  }
}

const MAX_HOST_NAME = 64;

export function validateHostNames(spec: PodSpec, path: FieldPath, errors: FieldErrors): void {
  const name = spec.hostnameOverride;
  if (name === undefined) return;
  const namePath = path.child("hostnameOverride");
  if (spec.setHostnameAsFQDN) errors.forbidden(namePath, "may not be specified when setHostnameAsFQDN is true");
  if (spec.hostNetwork) errors.forbidden(namePath, "may not be specified when hostNetwork is true");
  if (name.length > MAX_HOST_NAME) errors.tooLong(namePath, MAX_HOST_NAME);
  errors.invalidAll(namePath, name, subdomainProblems(name));
}

export function validateHostNameLabels(spec: PodSpec, path: FieldPath, errors: FieldErrors): void {
  for (const name of ["hostname", "subdomain"] as const) {
    const value = spec[name];
    if (value) errors.invalidAll(path.child(name), value, labelProblems(value));
  }
}

export function validateHostAliases(aliases: readonly HostAlias[], path: FieldPath, errors: FieldErrors): void {
  for (const [i, alias] of aliases.entries()) {
    validateIp(alias.ip, path.index(i).child("ip"), errors);
    for (const [j, name] of (alias.hostnames ?? []).entries())
      errors.invalidAll(path.index(i).child("hostnames").index(j), name, subdomainProblems(name));
  }
}
