import type { Endpoints } from "../../api/generated/core-v1.ts";
import type { EndpointSlice } from "../../api/generated/discovery-v1.ts";
import type { KubeObject } from "../../api/object.ts";
import { StatusError } from "../../api/status-error.ts";
import { type FieldError, FieldErrors, invalidError } from "../../api/validation/field-errors.ts";
import { FieldPath } from "../../api/validation/field-path.ts";
import { cidrContains, parseCidr, parseIp } from "../../api/validation/ip-address.ts";
import { API_SERVER, CONTROLLERS } from "../auth/engine-users.ts";
import type { AdmissionRequest, Admitter } from "./admitter.ts";

const LOOPBACK = ["127.0.0.0/8", "::1/128"].flatMap((text) => parseCidr(text) ?? []);

interface Address {
  readonly field: string;
  readonly ip: string;
}

/**
 * Kubernetes lets no endpoint have an address of the loopback network, through which it would reach its own node. Here
 * pods have such addresses: the engine's controllers may write those of the pod range, everybody else none.
 */
export function endpointAddresses(podCidr: string): Admitter {
  const pods = parseCidr(podCidr);
  return {
    name: "EndpointAddresses",
    resources: new Set(["discovery.k8s.io/endpointslices", "/endpoints"]),
    admit(_old, object, request) {
      const { info, user } = request;
      if (user.username === API_SERVER.username) return object;
      const mayWritePods = user.username === CONTROLLERS.username;
      const errors = new FieldErrors();
      for (const { field, ip } of addressesOf(object)) {
        const address = parseIp(ip);
        if (!address || !LOOPBACK.some((block) => cidrContains(block, address))) continue;
        if (mayWritePods && pods && cidrContains(pods, address)) continue;
        errors.invalid(FieldPath.of(field), ip, "may not be in the loopback range (127.0.0.0/8, ::1/128)");
      }
      if (errors.none) return object;
      const [metadata, content] = others(object, request);
      throw invalidError(info, object.metadata.name ?? "", [...metadata, ...errors.list, ...content]);
    },
  };
}

/** What else is wrong with the object: with its metadata, and with the rest. */
function others(object: KubeObject, { validate }: AdmissionRequest): readonly [FieldError[], FieldError[]] {
  try {
    validate(object);
    return [[], []];
  } catch (error) {
    if (!(error instanceof StatusError) || error.reason !== "Invalid") throw error;
    const causes = (error.status.details?.causes ?? []).map(({ reason, message, field }) => ({
      type: reason as FieldError["type"],
      body: message ?? "",
      field: field ?? "",
    }));
    const ofMetadata = ({ field }: FieldError): boolean => field.startsWith("metadata.");
    return [causes.filter(ofMetadata), causes.filter((cause) => !ofMetadata(cause))];
  }
}

function addressesOf(object: KubeObject): Address[] {
  return object.kind === "Endpoints" ? ofSubsets(object as Endpoints) : ofSlice(object as EndpointSlice);
}

function ofSlice({ endpoints, addressType }: EndpointSlice): Address[] {
  if (addressType !== "IPv4" && addressType !== "IPv6") return [];
  return (endpoints ?? []).flatMap(({ addresses }, i) =>
    (addresses ?? []).map((ip, j) => ({ field: `endpoints[${i}].addresses[${j}]`, ip })),
  );
}

function ofSubsets({ subsets = [] }: Endpoints): Address[] {
  return subsets.flatMap((subset, i) =>
    (["addresses", "notReadyAddresses"] as const).flatMap((part) =>
      (subset[part] ?? []).map(({ ip }, j) => ({ field: `subsets[${i}].${part}[${j}].ip`, ip })),
    ),
  );
}
