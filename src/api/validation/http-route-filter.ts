import type { HTTPRoute } from "../generated/gateway-networking-k8s-io.ts";
import { validateBackend } from "./backend-reference.ts";
import type { FieldErrors } from "./field-errors.ts";
import type { FieldPath } from "./field-path.ts";

/** https://gateway-api.sigs.k8s.io/reference/spec/#httproutefilter */

export type Filter = NonNullable<NonNullable<HTTPRoute["spec"]["rules"]>[number]["filters"]>[number];
type PathModifier = NonNullable<NonNullable<Filter["urlRewrite"]>["path"]>;

const FIELDS = {
  CORS: "cors",
  RequestHeaderModifier: "requestHeaderModifier",
  ResponseHeaderModifier: "responseHeaderModifier",
  RequestMirror: "requestMirror",
  RequestRedirect: "requestRedirect",
  URLRewrite: "urlRewrite",
  ExtensionRef: "extensionRef",
} as const satisfies Readonly<Record<Filter["type"], keyof Filter>>;
const ONCE = ["CORS", "RequestHeaderModifier", "ResponseHeaderModifier", "RequestRedirect", "URLRewrite"] as const;

export function validateFilters(filters: readonly Filter[], path: FieldPath, errors: FieldErrors): void {
  const count = (type: Filter["type"]): number => filters.filter((filter) => filter.type === type).length;
  if (count("RequestRedirect") > 0 && count("URLRewrite") > 0) {
    const why = "May specify either httpRouteFilterRequestRedirect or httpRouteFilterRequestRewrite, but not both";
    errors.invalidPart(path, why);
  }
  for (const type of ONCE) if (count(type) > 1) errors.invalidPart(path, `${type} filter cannot be repeated`);
  for (const [i, filter] of filters.entries()) validateFilter(filter, path.index(i), errors);
}

function validateFilter(filter: Filter, path: FieldPath, errors: FieldErrors): void {
  for (const [type, field] of Object.entries(FIELDS)) {
    if (filter[field] && filter.type !== type)
      errors.invalidPart(path, `filter.${field} must be nil if the filter.type is not ${type}`);
    if (!filter[field] && filter.type === type)
      errors.invalidPart(path, `filter.${field} must be specified for ${type} filter.type`);
  }
  for (const name of ["requestRedirect", "urlRewrite"] as const) {
    const modifier = filter[name]?.path;
    if (modifier) validatePathModifier(modifier, path.child(name).child("path"), errors);
  }
  validateMirror(filter, path.child("requestMirror"), errors);
  validateOrigins(filter, path.child("cors"), errors);
}

function validatePathModifier(modifier: PathModifier, path: FieldPath, errors: FieldErrors): void {
  for (const [type, field] of [
    ["ReplaceFullPath", "replaceFullPath"],
    ["ReplacePrefixMatch", "replacePrefixMatch"],
  ] as const) {
    const isSet = modifier[field] !== undefined;
    if (modifier.type === type && !isSet)
      errors.invalidPart(path, `${field} must be specified when type is set to '${type}'`);
    if (modifier.type !== type && isSet) errors.invalidPart(path, `type must be '${type}' when ${field} is set`);
  }
}

function validateMirror({ requestMirror: mirror }: Filter, path: FieldPath, errors: FieldErrors): void {
  if (!mirror) return;
  const { percent, fraction, backendRef } = mirror;
  if (percent !== undefined && fraction)
    errors.invalidPart(path, "Only one of percent or fraction may be specified in HTTPRequestMirrorFilter");
  validateBackend(backendRef, path.child("backendRef"), errors);
  if (fraction && fraction.numerator > (fraction.denominator ?? 100))
    errors.invalidPart(path.child("fraction"), "numerator must be less than or equal to denominator");
}

function validateOrigins({ cors }: Filter, path: FieldPath, errors: FieldErrors): void {
  const lists = [
    ["allowOrigins", "AllowOrigins cannot contain '*' alongside other origins"],
    ["allowMethods", "AllowMethods cannot contain '*' alongside other methods"],
    ["allowHeaders", "AllowHeaders cannot contain '*' alongside other methods"],
  ] as const;
  for (const [name, why] of lists) {
    const items: readonly string[] = cors?.[name] ?? [];
    if (items.length > 1 && items.includes("*")) errors.invalidPart(path.child(name), why);
  }
}
