import { byteLength } from "../../lib/byte-length.ts";
import type { WindowsSecurityContextOptions } from "../generated/core-v1.ts";
import type { FieldErrors } from "./field-errors.ts";
import type { FieldPath } from "./field-path.ts";
import { subdomainProblems } from "./names.ts";

/** https://kubernetes.io/docs/tasks/configure-pod-container/configure-gmsa/ */

const MAX_SPEC_KIB = 64;
const MAX_DOMAIN = 256;
const MAX_USER = 104;
const netBiosPattern = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/;
const domainPattern =
  /^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/;

export function validateWindowsOptions(
  options: WindowsSecurityContextOptions | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (!options) return;
  const { gmsaCredentialSpecName: name, gmsaCredentialSpec: spec, runAsUserName } = options;
  if (name !== undefined) errors.invalidAll(path.child("gmsaCredentialSpecName"), name, subdomainProblems(name));
  if (spec === "")
    errors.invalid(path.child("gmsaCredentialSpec"), spec, "gmsaCredentialSpec cannot be an empty string");
  else if (spec !== undefined && byteLength(spec) > MAX_SPEC_KIB * 1024)
    errors.invalid(path.child("gmsaCredentialSpec"), spec, `gmsaCredentialSpec size must be under ${MAX_SPEC_KIB} KiB`);
  if (runAsUserName !== undefined)
    errors.invalidAll(path.child("runAsUserName"), runAsUserName, userNameProblems(runAsUserName));
}

/** `user` or `domain\user`. */
function userNameProblems(name: string): string[] {
  if (name === "") return ["runAsUserName cannot be an empty string"];
  if (/\p{Cc}/u.test(name)) return ["runAsUserName cannot contain control characters"];
  const parts = name.split("\\");
  if (parts.length > 2) return ["runAsUserName cannot contain more than one backslash"];
  const user = parts.at(-1) ?? "";
  return [...(parts.length === 2 ? domainProblems(parts[0] ?? "") : []), ...userProblems(user)];
}

function domainProblems(domain: string): string[] {
  const problems: string[] = [];
  if (byteLength(domain) >= MAX_DOMAIN)
    problems.push(`runAsUserName's Domain length must be under ${MAX_DOMAIN} characters`);
  if (!netBiosPattern.test(domain) && !domainPattern.test(domain))
    problems.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format");
  return problems;
}

function userProblems(user: string): string[] {
  const problems: string[] = [];
  if (user === "") problems.push("runAsUserName's User cannot be empty");
  else if (byteLength(user) > MAX_USER)
    problems.push(`runAsUserName's User length must not be longer than ${MAX_USER} characters`);
  if (/^[. ]+$/.test(user)) problems.push("runAsUserName's User cannot contain only periods or spaces");
  if (/["/\\:;|=,+*?<>@[\]]/.test(user))
    problems.push("runAsUserName's User cannot contain the following characters: \"/\\:;|=,+*?<>@[]");
  return problems;
}
