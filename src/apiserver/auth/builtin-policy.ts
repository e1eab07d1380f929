import type { PolicyRule } from "./rbac.ts";
import { AUTHENTICATED, type User } from "./user.ts";

const READ = ["get", "list", "watch"] as const;

/** What everybody may ask, known or not. */
const PUBLIC: readonly PolicyRule[] = [
  { verbs: ["get"], nonResourceURLs: ["/healthz", "/livez", "/readyz", "/version", "/version/"] },
];

/** What everybody who is known may ask: about himself, and what there is. */
const BASIC: readonly PolicyRule[] = [
  {
    verbs: ["create"],
    apiGroups: ["authorization.k8s.io"],
    resources: ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
  },
  { verbs: ["create"], apiGroups: ["authentication.k8s.io"], resources: ["selfsubjectreviews"] },
  {
    verbs: ["get"],
    nonResourceURLs: [
      "/api",
      "/api/*",
      "/apis",
      "/apis/*",
      "/healthz",
      "/livez",
      "/openapi",
      "/openapi/*",
      "/readyz",
      "/version",
      "/version/",
    ],
  },
];

/** What service accounts may ask besides: by what their tokens are verified. */
const ISSUER_DISCOVERY: readonly PolicyRule[] = [
  {
    verbs: ["get"],
    nonResourceURLs: [
      "/.well-known/openid-configuration",
      "/.well-known/openid-configuration/",
      "/openid/v1/jwks",
      "/openid/v1/jwks/",
    ],
  },
];

const MESH: readonly PolicyRule[] = [
  { verbs: READ, apiGroups: ["", "discovery.k8s.io"], resources: ["services", "nodes", "pods", "endpointslices"] },
  { verbs: READ, apiGroups: ["gateway.networking.k8s.io", "sluice.dev"], resources: ["*"] },
  { verbs: ["*"], apiGroups: ["sluice.dev"], resources: ["meshworkers", "meshworkers/status"] },
  { verbs: ["create", "patch"], apiGroups: ["", "events.k8s.io"], resources: ["events"] },
];

const NODE: readonly PolicyRule[] = [
  {
    verbs: READ,
    apiGroups: [""],
    resources: ["pods", "services", "configmaps", "secrets", "persistentvolumeclaims", "persistentvolumes", "nodes"],
  },
  { verbs: ["create", "update", "patch"], apiGroups: [""], resources: ["nodes", "nodes/status", "pods/status"] },
  { verbs: ["delete"], apiGroups: [""], resources: ["pods"] },
  { verbs: ["create", "update", "patch"], apiGroups: ["", "events.k8s.io"], resources: ["events"] },
  { verbs: ["create"], apiGroups: [""], resources: ["serviceaccounts/token"] },
  { verbs: ["create", "get", "update", "patch"], apiGroups: ["coordination.k8s.io"], resources: ["leases"] },
  { verbs: READ, apiGroups: ["sluice.dev"], resources: ["meshworkers"] },
];

const BY_NAME: Readonly<Record<string, readonly PolicyRule[]>> = { "system:sluice:mesh": MESH };
const BY_GROUP: Readonly<Record<string, readonly PolicyRule[]>> = {
  [AUTHENTICATED]: BASIC,
  "system:nodes": NODE,
  "system:serviceaccounts": ISSUER_DISCOVERY,
};

/** Rules that hold whatever is stored: the parts of the engine, discovery, and questions about oneself. */
export function builtinRules(user: User): readonly PolicyRule[] {
  return [...PUBLIC, ...(BY_NAME[user.username] ?? []), ...user.groups.flatMap((group) => BY_GROUP[group] ?? [])];
}
