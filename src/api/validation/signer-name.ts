import { byteLength } from "../../lib/byte-length.ts";
import { quoteGo } from "../../lib/go-format.ts";
import type { FieldErrors } from "./field-errors.ts";
import type { FieldPath } from "./field-path.ts";
import { labelProblems, type NameRule, subdomainProblems } from "./names.ts";

/** Names of certificate signers: `example.com/signer`. */

const MAX_DOMAIN = 253;
/** The domain, a slash, a label, a dot and a subdomain. */
const MAX_NAME = MAX_DOMAIN + 1 + 63 + 1 + 253;

export function isKubernetesSigner(name: string): boolean {
  const domain = name.split("/", 1)[0] ?? "";
  return domain === "kubernetes.io" || domain.endsWith(".kubernetes.io");
}

export function validateSignerName(name: string, path: FieldPath, errors: FieldErrors): void {
  if (name === "") return errors.required(path);
  const [domain = "", signer = "", ...more] = name.split("/");
  if (!name.includes("/") || more.length > 0)
    return errors.invalid(
      path,
      name,
      "must be a fully qualified domain and path of the form 'example.com/signer-name'",
    );
  if (byteLength(domain) > MAX_DOMAIN) errors.tooLong(path, MAX_DOMAIN);
  validateFirstBadPart(domain, labelProblems, path, errors);
  if (!domain.includes("."))
    errors.invalid(path, domain, "should be a domain with at least two segments separated by dots");
  validateFirstBadPart(signer, subdomainProblems, path, errors);
  if (byteLength(name) > MAX_NAME) errors.tooLong(path, MAX_NAME);
}

/** Only the first part that is wrong is told. */
function validateFirstBadPart(text: string, rule: NameRule, path: FieldPath, errors: FieldErrors): void {
  for (const part of text.split(".")) {
    const problems = rule(part);
    for (const problem of problems) errors.invalid(path, text, `validating label ${quoteGo(part)}: ${problem}`);
    if (problems.length > 0) return;
  }
}
