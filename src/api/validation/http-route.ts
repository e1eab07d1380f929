import { parseDuration } from "../../lib/duration.ts";
import type { HTTPRoute } from "../generated/gateway-networking-k8s-io.ts";
import { validateBackend } from "./backend-reference.ts";
import type { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";
import { type Filter, validateFilters } from "./http-route-filter.ts";

/**
 * The rules that the Gateway API's CRDs express in CEL, with their messages.
 * https://gateway-api.sigs.k8s.io/reference/spec/#httproute
 */

type Spec = HTTPRoute["spec"];
type Rule = NonNullable<Spec["rules"]>[number];
type PathMatch = NonNullable<NonNullable<Rule["matches"]>[number]["path"]>;
type ParentReference = NonNullable<Spec["parentRefs"]>[number];
type Timeouts = NonNullable<Rule["timeouts"]>;

const SPEC = FieldPath.of("spec");
const MAX_MATCHES = 128;

export function validateHttpRoute({ spec }: HTTPRoute, errors: FieldErrors): void {
  const { parentRefs = [], rules = [] } = spec;
  validateParents(parentRefs, SPEC.child("parentRefs"), errors);
  const path = SPEC.child("rules");
  if (rules.reduce((sum, { matches = [] }) => sum + matches.length, 0) > MAX_MATCHES) {
    const why =
      "While 16 rules and 64 matches per rule are allowed, the total number of matches across all rules in a route must " +
      "be less than 128";
    errors.invalidPart(path, why);
  }
  for (const [i, rule] of rules.entries()) validateRule(rule, path.index(i), errors);
}

/** Who attaches to a parent several times must say to which of its sections. */
function validateParents(parents: readonly ParentReference[], path: FieldPath, errors: FieldErrors): void {
  const groups = Map.groupBy(parents, ({ group, kind, name, namespace }) =>
    [group, kind, name, namespace ?? ""].join("/"),
  );
  const sections = [...groups.values()].map((group) => group.map(({ sectionName }) => sectionName ?? ""));
  const why = "when parentRefs includes 2 or more references to the same parent";
  if (sections.some((names) => names.includes("") && names.some((name) => name !== "")))
    errors.invalidPart(path, `sectionName must be specified ${why}`);
  if (sections.some((names) => new Set(names).size < names.length))
    errors.invalidPart(path, `sectionName must be unique ${why}`);
}

function validateRule(rule: Rule, path: FieldPath, errors: FieldErrors): void {
  const { backendRefs = [], filters = [], matches = [], timeouts } = rule;
  if (backendRefs.length > 0 && filters.some(({ requestRedirect }) => requestRedirect))
    errors.invalidPart(path, "RequestRedirect filter must not be used together with backendRefs");
  validatePrefixReplacement(rule, path, errors);
  validateFilters(filters, path.child("filters"), errors);
  for (const [i, backend] of backendRefs.entries()) {
    const backendPath = path.child("backendRefs").index(i);
    validateBackend(backend, backendPath, errors);
    validateFilters(backend.filters ?? [], backendPath.child("filters"), errors);
  }
  for (const [i, match] of matches.entries())
    if (match.path) validatePathMatch(match.path, path.child("matches").index(i).child("path"), errors);
  if (timeouts) validateTimeouts(timeouts, path.child("timeouts"), errors);
}

/** A prefix can be replaced only where it is known which one. */
function validatePrefixReplacement(rule: Rule, path: FieldPath, errors: FieldErrors): void {
  const { backendRefs = [], filters = [], matches = [] } = rule;
  if (matches.length === 1 && matches[0]?.path?.type === "PathPrefix") return;
  const why = "filter with path.replacePrefixMatch, exactly one PathPrefix match must be specified";
  const isOne = <T>(items: readonly T[], is: (item: T) => boolean): boolean => items.filter(is).length === 1;
  const kinds = [
    ["requestRedirect", "When using RequestRedirect", "Within backendRefs, when using RequestRedirect"],
    ["urlRewrite", "When using URLRewrite", "Within backendRefs, When using URLRewrite"],
  ] as const;
  const replaces = (name: (typeof kinds)[number][0]) => (filter: Filter) =>
    filter[name]?.path?.type === "ReplacePrefixMatch" && filter[name]?.path?.replacePrefixMatch !== undefined;
  for (const [name, ofRule] of kinds) if (isOne(filters, replaces(name))) errors.invalidPart(path, `${ofRule} ${why}`);
  for (const [name, , ofBackend] of kinds) {
    if (isOne(backendRefs, (backend) => isOne(backend.filters ?? [], replaces(name))))
      errors.invalidPart(path, `${ofBackend} ${why}`);
  }
}

const TYPES = "['Exact', 'PathPrefix']";
const FORBIDDEN_PARTS = ["//", "/./", "/../", "%2f", "%2F", "#"];
const FORBIDDEN_ENDS = ["/..", "/."];
const PATH_CHARACTERS = "^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+$";
const pathPattern = new RegExp(PATH_CHARACTERS);

function validatePathMatch({ type, value = "" }: PathMatch, path: FieldPath, errors: FieldErrors): void {
  if (type === "RegularExpression") return;
  if (!value.startsWith("/"))
    errors.invalidPart(path, `value must be an absolute path and start with '/' when type one of ${TYPES}`);
  for (const part of FORBIDDEN_PARTS)
    if (value.includes(part)) errors.invalidPart(path, `must not contain '${part}' when type one of ${TYPES}`);
  for (const end of FORBIDDEN_ENDS)
    if (value.endsWith(end)) errors.invalidPart(path, `must not end with '${end}' when type one of ${TYPES}`);
  if (!pathPattern.test(value))
    errors.invalidPart(path, `must only contain valid characters (matching ${PATH_CHARACTERS}) for types ${TYPES}`);
}

function validateTimeouts({ request, backendRequest }: Timeouts, path: FieldPath, errors: FieldErrors): void {
  if (request === undefined || backendRequest === undefined) return;
  const whole = parseDuration(request);
  const part = parseDuration(backendRequest);
  const why = "backendRequest timeout cannot be longer than request timeout";
  if (whole === 0) return;
  if (whole === undefined || part === undefined)
    errors.invalid(
      path,
      "object",
      `type conversion error from 'string' to 'google.protobuf.Duration' evaluating rule: ${why}`,
    );
  else if (part > whole) errors.invalidPart(path, why);
}
