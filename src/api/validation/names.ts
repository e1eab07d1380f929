import { byteLength } from "../../lib/byte-length.ts";

/**
 * The syntax of names, with Kubernetes' words for what is wrong. Each function returns the problems, none when the text is
 * good. https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
 */
export type NameRule = (name: string) => string[];

const LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const UNDERSCORED_LABEL = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?";
const UNDERSCORED_SUBDOMAIN = `${UNDERSCORED_LABEL}(\\.${UNDERSCORED_LABEL})*`;
const WILDCARD = `\\*\\.${SUBDOMAIN}`;
const PERCENT = "[0-9]+%";
const HEADER_NAME = "[-A-Za-z0-9]+";
const CONFIG_KEY = "[-._a-zA-Z0-9]+";

const whole = (format: string): RegExp => new RegExp(`^${format}$`);
const labelPattern = whole(LABEL);
const subdomainPattern = whole(SUBDOMAIN);
const underscoredPattern = whole(UNDERSCORED_SUBDOMAIN);
const wildcardPattern = whole(WILDCARD);
const percentPattern = whole(PERCENT);
const headerPattern = whole(HEADER_NAME);
const configKeyPattern = whole(CONFIG_KEY);

const MAX_LABEL = 63;
const MAX_SUBDOMAIN = 253;
const MAX_PORT_NAME = 15;

/** How Kubernetes says that a text does not match: what it must be, examples, the expression. */
export function mismatch(rule: string, format: string, ...examples: readonly string[]): string {
  const shown = examples.map((example) => `'${example}', `).join(" or ");
  return `${rule} (${shown === "" ? "" : `e.g. ${shown}`}regex used for validation is '${format}')`;
}

export function atMostCharacters(max: number): string {
  return `must be no more than ${max} characters`;
}

export function betweenInclusive(low: number, high: number): string {
  return `must be between ${low} and ${high}, inclusive`;
}

/** A DNS label (RFC 1123). */
export function labelProblems(value: string): string[] {
  const problems = byteLength(value) > MAX_LABEL ? [atMostCharacters(MAX_LABEL)] : [];
  if (labelPattern.test(value)) return problems;
  if (subdomainPattern.test(value)) return [...problems, "must not contain dots"];
  const rule =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with " +
    "an alphanumeric character";
  return [...problems, mismatch(rule, LABEL, "my-name", "123-abc")];
}

/** A DNS subdomain (RFC 1123). */
export function subdomainProblems(value: string): string[] {
  const problems = byteLength(value) > MAX_SUBDOMAIN ? [atMostCharacters(MAX_SUBDOMAIN)] : [];
  if (subdomainPattern.test(value)) return problems;
  const rule =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and " +
    "end with an alphanumeric character";
  return [...problems, mismatch(rule, SUBDOMAIN, "example.com")];
}

/** A DNS subdomain in whose labels underscores are allowed too. */
export function underscoredSubdomainProblems(value: string): string[] {
  const problems = byteLength(value) > MAX_SUBDOMAIN ? [atMostCharacters(MAX_SUBDOMAIN)] : [];
  if (underscoredPattern.test(value)) return problems;
  const rule =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start " +
    "and end with an alphanumeric character";
  return [...problems, mismatch(rule, UNDERSCORED_SUBDOMAIN, "example.com")];
}

/** `*.example.com` (RFC 1034, section 4.3.3). */
export function wildcardProblems(value: string): string[] {
  const problems = byteLength(value) > MAX_SUBDOMAIN ? [atMostCharacters(MAX_SUBDOMAIN)] : [];
  if (wildcardPattern.test(value)) return problems;
  const rule =
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower " +
    "case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
  return [...problems, mismatch(rule, WILDCARD, "*.example.com")];
}

/** A name that can be a segment of a URL's path; in a prefix of a name, `.` and `..` may still grow into something good. */
export function pathSegmentProblems(value: string, prefix = false): string[] {
  if (!prefix && (value === "." || value === "..")) return [`may not be '${value}'`];
  return ["/", "%"].filter((char) => value.includes(char)).map((char) => `may not contain '${char}'`);
}

/** The name of a port: an IANA service name (RFC 6335) in lower case. */
export function portNameProblems(value: string): string[] {
  const problems: string[] = [];
  if (byteLength(value) > MAX_PORT_NAME) problems.push(atMostCharacters(MAX_PORT_NAME));
  if (!/^[-a-z0-9]+$/.test(value))
    problems.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  if (!/[a-z]/.test(value)) problems.push("must contain at least one letter (a-z)");
  if (value.includes("--")) problems.push("must not contain consecutive hyphens");
  if (value.startsWith("-") || value.endsWith("-")) problems.push("must not begin or end with a hyphen");
  return problems;
}

export function portNumberProblems(value: number): string[] {
  return value >= 1 && value <= 65_535 ? [] : [betweenInclusive(1, 65_535)];
}

/** A user or group of Unix. */
export function unixIdProblems(value: number): string[] {
  return value >= 0 && value <= 2_147_483_647 ? [] : [betweenInclusive(0, 2_147_483_647)];
}

export function percentProblems(value: string): string[] {
  if (percentPattern.test(value)) return [];
  const rule = "a valid percent string must be a numeric string followed by an ending '%'";
  return [mismatch(rule, PERCENT, "1%", "93%")];
}

export function headerNameProblems(value: string): string[] {
  if (headerPattern.test(value)) return [];
  return [mismatch("a valid HTTP header must consist of alphanumeric characters or '-'", HEADER_NAME, "X-Header-Name")];
}

/** The name of an environment variable: printable ASCII but `=`. */
export function variableNameProblems(value: string): string[] {
  if (value === "") return ["environment variable name must be non-empty"];
  if (/^[\x20-<>-~]*$/.test(value)) return [];
  return ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
}

/** A key of a ConfigMap or Secret, which becomes the name of a file. */
export function configKeyProblems(value: string): string[] {
  const problems = byteLength(value) > MAX_SUBDOMAIN ? [atMostCharacters(MAX_SUBDOMAIN)] : [];
  if (!configKeyPattern.test(value)) {
    const rule = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
    problems.push(mismatch(rule, CONFIG_KEY, "key.name", "KEY_NAME", "key-name"));
  }
  if (value === "." || value === "..") problems.push(`must not be '${value}'`);
  else if (value.startsWith("..")) problems.push("must not start with '..'");
  return problems;
}
