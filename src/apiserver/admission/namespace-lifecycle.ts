import type { Namespace } from "../../api/generated/core-v1.ts";
import type { KubeObject } from "../../api/object.ts";
import { StatusError } from "../../api/status-error.ts";
import { notFound } from "../registry/failures.ts";
import { type Admitter, type AdmissionRequest, refusal } from "./admitter.ts";

/** Namespaces that are always there. */
export const IMMORTAL_NAMESPACES: ReadonlySet<string> = new Set(["default", "kube-system", "kube-public"]);

const NAMESPACES = { group: "", plural: "namespaces" };

/** Nothing is created in a namespace that is missing or on its way out. */
export const namespaceLifecycle: Admitter = {
  name: "NamespaceLifecycle",
  admit(_old, object, request) {
    if (request.operation === "create" && request.namespace !== undefined) checkNamespace(object, request);
    return object;
  },
};

function checkNamespace(object: KubeObject, request: AdmissionRequest): void {
  const { namespace = "" } = request;
  const found = request.objects.get("/namespaces", namespace) as Namespace | undefined;
  if (!found) throw notFound(NAMESPACES, namespace);
  if (found.status?.phase !== "Terminating") return;
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
  const { status } = refusal(object, request, why);
  const cause = {
    reason: "NamespaceTerminating",
    message: `namespace ${namespace} is being terminated`,
    field: "metadata.namespace",
  };
  throw StatusError.from({ ...status, details: { ...status.details, causes: [cause] } });
}

/** Throws Forbidden for a namespace that must not go. */
export function checkNamespaceDeletion(name: string): void {
  if (!IMMORTAL_NAMESPACES.has(name)) return;
  throw new StatusError(
    "Forbidden",
    `namespaces ${JSON.stringify(name)} is forbidden: this namespace may not be deleted`,
    {
      name,
      kind: "namespaces",
    },
  );
}
