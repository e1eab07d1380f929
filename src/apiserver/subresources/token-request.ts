import type { Pod } from "../../api/generated/core-v1.ts";
import type { KubeObject } from "../../api/object.ts";
import { StatusError } from "../../api/status-error.ts";
import { formatTimestamp } from "../../lib/timestamp.ts";
import type { AdmissionView } from "../admission/admitter.ts";
import { ISSUER, type Named, type ServiceAccountTokens } from "../auth/service-account-token.ts";
import { invalidField, notFound } from "../registry/failures.ts";

/** `authentication.k8s.io/v1` TokenRequest. https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/ */
export interface TokenRequest {
  readonly metadata?: { readonly name?: string; readonly namespace?: string };
  readonly spec?: {
    readonly audiences?: readonly string[];
    readonly expirationSeconds?: number | null;
    readonly boundObjectRef?: { readonly kind?: string; readonly name?: string; readonly uid?: string } | null;
  };
}

const MIN_SECONDS = 600;
const MAX_SECONDS = 2 ** 32;
const DEFAULT_SECONDS = 3600;
const ABOUT = { group: "authentication.k8s.io", kind: "TokenRequest" };

/** Issues a token for a service account, as asked for. `uuid`: of the answer. */
export function requestToken(
  account: KubeObject,
  { spec = {} }: TokenRequest,
  tokens: ServiceAccountTokens,
  objects: AdmissionView,
  uuid: string,
): object {
  const { name, namespace = "", uid } = account.metadata;
  const expirationSeconds = spec.expirationSeconds ?? DEFAULT_SECONDS;
  checkLife(expirationSeconds);
  const audiences = spec.audiences?.length ? spec.audiences : [ISSUER];
  const boundTo = spec.boundObjectRef ? boundObject(spec.boundObjectRef, namespace, objects) : undefined;
  const node = boundTo?.kind === "Pod" ? nodeOf(boundTo.name, namespace, objects) : undefined;
  const { token, expires } = tokens.issue({
    namespace,
    serviceAccount: { name, uid },
    audiences,
    expirationSeconds,
    ...(boundTo && { boundTo }),
    ...(node && { node }),
  });
  return {
    kind: "TokenRequest",
    apiVersion: "authentication.k8s.io/v1",
    metadata: { name, namespace, uid: uuid, creationTimestamp: formatTimestamp(expires - expirationSeconds * 1000) },
    spec: { audiences, expirationSeconds, boundObjectRef: spec.boundObjectRef ?? null },
    status: { token, expirationTimestamp: formatTimestamp(expires) },
  };
}

/** The node of a pod, once it has one. */
function nodeOf(pod: string, namespace: string, objects: AdmissionView): Named | undefined {
  const { nodeName = "" } = (objects.get("/pods", pod, namespace) as Pod | undefined)?.spec ?? {};
  const uid = nodeName && objects.get("/nodes", nodeName)?.metadata.uid;
  return uid ? { name: nodeName, uid } : undefined;
}

function checkLife(seconds: number): void {
  const wrong = (why: string): StatusError => invalidField(ABOUT, "", "spec.expirationSeconds", seconds, why);
  if (seconds < MIN_SECONDS) throw wrong("may not specify a duration less than 10 minutes");
  if (seconds > MAX_SECONDS) throw wrong("may not specify a duration larger than 2^32 seconds");
}

function boundObject(
  { kind = "", name = "", uid }: { readonly kind?: string; readonly name?: string; readonly uid?: string },
  namespace: string,
  objects: AdmissionView,
): { kind: "Pod" | "Secret"; name: string; uid: string } {
  if (kind !== "Pod" && kind !== "Secret")
    throw new StatusError("BadRequest", `cannot bind token for serviceaccount to object of type ${kind}`);
  const plural = `${kind.toLowerCase()}s`;
  const object = objects.get(`/${plural}`, name, namespace);
  if (!object) throw notFound({ group: "", plural }, name);
  if (uid && uid !== object.metadata.uid)
    throw new StatusError(
      "Conflict",
      `Operation cannot be fulfilled on ${kind} ${JSON.stringify(name)}: the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`,
      { name, kind },
    );
  return { kind, name, uid: object.metadata.uid };
}
