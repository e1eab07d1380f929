import { byteLength } from "./byte-length.ts";

/**
 * The syntax of label keys and values, with the words in which Kubernetes explains what is wrong. Each function returns
 * the problems, none when the value is good.
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
 */

const MAX_NAME = 63;
const MAX_SUBDOMAIN = 253;

const NAME_FORMAT = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const SUBDOMAIN_FORMAT = "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";

const NAME = new RegExp(`^${NAME_FORMAT}$`);
const VALUE = new RegExp(`^(${NAME_FORMAT})?$`);
const SUBDOMAIN = new RegExp(`^${SUBDOMAIN_FORMAT}$`);

const NAME_RULE =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character " +
  `(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${NAME_FORMAT}')`;
const VALUE_RULE =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and " +
  "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is " +
  `'(${NAME_FORMAT})?')`;
const SUBDOMAIN_RULE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and " +
  `end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${SUBDOMAIN_FORMAT}')`;

const tooLong = (limit: number): string => `must be no more than ${limit} bytes`;

/** Problems of a label key (also called a qualified name): an optional DNS prefix and a name, as in `app.kubernetes.io/name`. */
export function labelKeyProblems(key: string): string[] {
  const slash = key.indexOf("/");
  if (slash !== key.lastIndexOf("/"))
    return [`a valid label key ${NAME_RULE} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  const problems: string[] = [];
  if (slash === 0) problems.push("prefix part must be non-empty");
  else if (slash > 0)
    problems.push(...subdomainProblems(key.slice(0, slash)).map((problem) => `prefix part ${problem}`));
  const name = key.slice(slash + 1);
  if (name === "") problems.push("name part must be non-empty");
  else if (byteLength(name) > MAX_NAME) problems.push(`name part ${tooLong(MAX_NAME)}`);
  if (!NAME.test(name)) problems.push(`name part ${NAME_RULE}`);
  return problems;
}

/** Problems of a label value. */
export function labelValueProblems(value: string): string[] {
  const problems: string[] = [];
  if (byteLength(value) > MAX_NAME) problems.push(tooLong(MAX_NAME));
  if (!VALUE.test(value)) problems.push(VALUE_RULE);
  return problems;
}

/** Problems of a DNS subdomain (RFC 1123), the syntax of most object names. */
export function subdomainProblems(value: string): string[] {
  const problems: string[] = [];
  if (byteLength(value) > MAX_SUBDOMAIN) problems.push(tooLong(MAX_SUBDOMAIN));
  if (!SUBDOMAIN.test(value)) problems.push(SUBDOMAIN_RULE);
  return problems;
}
