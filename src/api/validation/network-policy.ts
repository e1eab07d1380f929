import type { IPBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from "../generated/networking-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";
import { cidrContains, parseCidr, validateCidr } from "./ip-address.ts";
import { validateLabelSelector } from "./labels.ts";
import { portNameProblems, portNumberProblems } from "./names.ts";

/** https://kubernetes.io/docs/concepts/services-networking/network-policies/ */

const SPEC = FieldPath.of("spec");
const PROTOCOLS = ["TCP", "UDP", "SCTP"];
const TYPES = ["Ingress", "Egress"];

export function validateNetworkPolicy(policy: NetworkPolicy, errors: FieldErrors): void {
  validateSpec(policy, [], errors);
}

/** Blocks that an older server let in can stay. */
export function validateNetworkPolicyUpdate(policy: NetworkPolicy, old: NetworkPolicy, errors: FieldErrors): void {
  const { ingress = [], egress = [] } = old.spec ?? {};
  const peers = [...ingress.flatMap(({ from = [] }) => from), ...egress.flatMap(({ to = [] }) => to)];
  const kept = peers.flatMap(({ ipBlock }) => (ipBlock ? [ipBlock.cidr, ...(ipBlock.except ?? [])] : []));
  validateSpec(policy, kept, errors);
}

function validateSpec({ spec }: NetworkPolicy, kept: readonly string[], errors: FieldErrors): void {
  if (!spec) return;
  validateLabelSelector(spec.podSelector, SPEC.child("podSelector"), errors);
  const directions = [
    ["ingress", "from", (spec.ingress ?? []).map(({ ports, from }) => ({ ports, peers: from }))],
    ["egress", "to", (spec.egress ?? []).map(({ ports, to }) => ({ ports, peers: to }))],
  ] as const;
  for (const [direction, side, rules] of directions) {
    for (const [i, { ports = [], peers = [] }] of rules.entries()) {
      const path = SPEC.child(direction).index(i);
      for (const [j, port] of ports.entries()) validatePolicyPort(port, path.child("ports").index(j), errors);
      for (const [j, peer] of peers.entries()) validatePeer(peer, kept, path.child(side).index(j), errors);
    }
  }
  const types = spec.policyTypes ?? [];
  const typesPath = SPEC.child("policyTypes");
  if (types.length > TYPES.length) errors.invalid(typesPath, types, "may not specify more than two policyTypes");
  else for (const [i, type] of types.entries()) errors.oneOf(typesPath.index(i), type, TYPES);
}

function validatePolicyPort(
  { protocol, port, endPort }: NetworkPolicyPort,
  path: FieldPath,
  errors: FieldErrors,
): void {
  errors.oneOf(path.child("protocol"), protocol, PROTOCOLS);
  const endPath = path.child("endPort");
  if (typeof port === "number") {
    errors.invalidAll(path.child("port"), port, portNumberProblems(port));
    if (endPort === undefined) return;
    if (endPort < port) errors.invalid(endPath, port, "must be greater than or equal to `port`");
    errors.invalidAll(endPath, endPort, portNumberProblems(endPort));
  } else {
    const why = port === undefined ? "is not specified" : "is non-numeric";
    if (endPort !== undefined) errors.invalid(endPath, endPort, `may not be specified when \`port\` ${why}`);
    if (port !== undefined) errors.invalidAll(path.child("port"), port, portNameProblems(port));
  }
}

function validatePeer(peer: NetworkPolicyPeer, kept: readonly string[], path: FieldPath, errors: FieldErrors): void {
  const { podSelector, namespaceSelector, ipBlock } = peer;
  validateLabelSelector(podSelector, path.child("podSelector"), errors);
  validateLabelSelector(namespaceSelector, path.child("namespaceSelector"), errors);
  if (ipBlock) validateBlock(ipBlock, kept, path.child("ipBlock"), errors);
  if (!podSelector && !namespaceSelector && !ipBlock) errors.required(path, "must specify a peer");
  else if (ipBlock && (podSelector || namespaceSelector))
    errors.forbidden(path, "may not specify both ipBlock and another peer");
}

function validateBlock(
  { cidr, except = [] }: IPBlock,
  kept: readonly string[],
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (cidr === "") return errors.required(path.child("cidr"));
  validateCidr(cidr, path.child("cidr"), errors, kept);
  const block = parseCidr(cidr);
  if (!block) return;
  for (const [i, text] of except.entries()) {
    const exceptPath = path.child("except").index(i);
    validateCidr(text, exceptPath, errors, kept);
    const part = parseCidr(text);
    if (part && (!cidrContains(block, part.address) || block.prefix >= part.prefix))
      errors.invalid(exceptPath, text, "must be a strict subset of `cidr`");
  }
}
