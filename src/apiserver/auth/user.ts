/** Who makes a request. https://kubernetes.io/docs/reference/access-authn-authz/authentication/ */
export interface User {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

export const ANONYMOUS: User = { username: "system:anonymous", groups: ["system:unauthenticated"] };

/** May do everything, whatever the roles say. */
export const SUPERUSERS = "system:masters";
export const AUTHENTICATED = "system:authenticated";

/** The member of `extra` that tells which credential a user has shown. */
export const CREDENTIAL_ID = "authentication.kubernetes.io/credential-id";

const SERVICE_ACCOUNT_PREFIX = "system:serviceaccount:";

export function serviceAccountName(namespace: string, name: string): string {
  return `${SERVICE_ACCOUNT_PREFIX}${namespace}:${name}`;
}

export function serviceAccountGroups(namespace: string): string[] {
  return ["system:serviceaccounts", `system:serviceaccounts:${namespace}`];
}

/** The service account that a user name stands for, if any. */
export function parseServiceAccountName(username: string): { namespace: string; name: string } | undefined {
  if (!username.startsWith(SERVICE_ACCOUNT_PREFIX)) return undefined;
  const [namespace, name, ...more] = username.slice(SERVICE_ACCOUNT_PREFIX.length).split(":");
  return namespace && name && more.length === 0 ? { namespace, name } : undefined;
}
