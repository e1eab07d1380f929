import type { ConfigMap, Namespace, ServiceAccount } from "../../api/generated/core-v1.ts";
import type { Draft } from "../../api/object.ts";

const ACCOUNT = "default";
export const ROOT_CA = "kube-root-ca.crt";

const DESCRIPTION =
  "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal " +
  "service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";

export interface NamespaceDefaultsView {
  readonly namespace: Namespace;
  /** The ServiceAccount `default` of the namespace. */
  readonly account?: ServiceAccount;
  /** The ConfigMap `kube-root-ca.crt` of the namespace. */
  readonly rootCa?: ConfigMap;
  /** The certificates that verify the API server, PEM. */
  readonly ca: string;
}

export type NamespaceDefaultsAction =
  | { readonly kind: "createAccount"; readonly object: Draft<ServiceAccount>; readonly why: string }
  | { readonly kind: "createRootCa"; readonly object: Draft<ConfigMap>; readonly why: string }
  | { readonly kind: "updateRootCa"; readonly object: ConfigMap; readonly why: string };

/**
 * What every namespace has: the account under which pods run, and the certificate with which they know the API server.
 * https://kubernetes.io/docs/concepts/security/service-accounts/
 */
export function planNamespaceDefaults(view: NamespaceDefaultsView): readonly NamespaceDefaultsAction[] {
  const { namespace, account, rootCa, ca } = view;
  if (namespace.metadata.deletionTimestamp !== undefined || namespace.status?.phase === "Terminating") return [];
  const where = { namespace: namespace.metadata.name };
  const why = "every namespace has one";
  const actions: NamespaceDefaultsAction[] = [];
  if (!account) {
    const metadata = { ...where, name: ACCOUNT };
    actions.push({ kind: "createAccount", object: { apiVersion: "v1", kind: "ServiceAccount", metadata }, why });
  }
  const annotations = { "kubernetes.io/description": DESCRIPTION };
  const data = { "ca.crt": ca };
  if (!rootCa) {
    const metadata = { ...where, name: ROOT_CA, annotations };
    actions.push({ kind: "createRootCa", object: { apiVersion: "v1", kind: "ConfigMap", metadata, data }, why });
  } else if (Object.keys(rootCa.data ?? {}).length !== 1 || rootCa.data?.["ca.crt"] !== ca) {
    const metadata = { ...rootCa.metadata, annotations: { ...rootCa.metadata.annotations, ...annotations } };
    actions.push({ kind: "updateRootCa", object: { ...rootCa, metadata, data }, why: "it holds something else" });
  }
  return actions;
}
