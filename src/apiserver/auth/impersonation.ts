import { StatusError } from "../../api/status-error.ts";
import { AUTHENTICATED, ANONYMOUS, parseServiceAccountName, serviceAccountGroups, type User } from "./user.ts";

type Headers = Readonly<Record<string, string | string[] | undefined>>;

const EXTRA_PREFIX = "impersonate-extra-";

/**
 * The user as whom the Impersonate-… headers ask to act, undefined without them.
 * https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation
 */
export function impersonatedUser(headers: Headers): User | undefined {
  const username = one(headers["impersonate-user"]);
  const groups = many(headers["impersonate-group"]);
  const uid = one(headers["impersonate-uid"]);
  const extra = extraOf(headers);
  if (username === undefined || username === "") {
    if (groups.length === 0 && uid === undefined && !extra) return undefined;
    throw new StatusError("BadRequest", `requested ${asGo(uid, groups, extra)} without impersonating a user name`);
  }
  return {
    username,
    ...(uid !== undefined && { uid }),
    groups: withImpliedGroups(username, groups),
    ...(extra && { extra }),
  };
}

function withImpliedGroups(username: string, groups: readonly string[]): readonly string[] {
  if (username === ANONYMOUS.username) return groups.length > 0 ? groups : ANONYMOUS.groups;
  const account = groups.length === 0 ? parseServiceAccountName(username) : undefined;
  const own = account ? serviceAccountGroups(account.namespace) : groups;
  return own.includes(AUTHENTICATED) || own.includes("system:unauthenticated") ? own : [...own, AUTHENTICATED];
}

function extraOf(headers: Headers): Record<string, readonly string[]> | undefined {
  const names = Object.keys(headers).filter((name) => name.startsWith(EXTRA_PREFIX));
  if (names.length === 0) return undefined;
  return Object.fromEntries(names.map((name) => [unescapeKey(name.slice(EXTRA_PREFIX.length)), many(headers[name])]));
}

/** Keys of extra fields may hold any character, percent-encoded; a broken escape stays as it is. */
function unescapeKey(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

/** Node joins repeated headers with ", ". */
function many(value: string | string[] | undefined): string[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : value.split(", ");
}

/** The half-made user as Go prints it, which is the text that clients know. */
function asGo(uid: string | undefined, groups: readonly string[], extra: User["extra"]): string {
  const list = (values: readonly string[]): string => `{${values.map((v) => JSON.stringify(v)).join(", ")}}`;
  const goGroups = groups.length > 0 ? list(groups) : "(nil)";
  const entries = Object.entries(extra ?? {}).map(([key, values]) => `${JSON.stringify(key)}:[]string${list(values)}`);
  const goExtra = extra ? `{${entries.join(", ")}}` : "(nil)";
  return `&user.DefaultInfo{Name:"", UID:${JSON.stringify(uid ?? "")}, Groups:[]string${goGroups}, Extra:map[string][]string${goExtra}}`;
}
