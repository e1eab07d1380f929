import type { FieldErrors } from "./field-errors.ts";
import type { FieldPath } from "./field-path.ts";
import { mismatch, subdomainProblems } from "./names.ts";

const HTTP_PATH = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";
const httpPathPattern = new RegExp(`^${HTTP_PATH}$`);

/** The name of a controller: a domain and a path (`example.com/ingress`). */
export function validateDomainPath(name: string, path: FieldPath, errors: FieldErrors): void {
  const slash = name.indexOf("/");
  const host = name.slice(0, slash);
  const rest = name.slice(slash + 1);
  if (name === "") errors.required(path);
  else if (slash <= 0 || rest === "")
    errors.invalid(path, name, 'must be a domain-prefixed path (such as "acme.io/foo")');
  else {
    errors.invalidAll(path, host, subdomainProblems(host));
    if (!httpPathPattern.test(rest)) errors.invalid(path, rest, mismatch("Invalid path", HTTP_PATH));
  }
}
