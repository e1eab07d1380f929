import { isJsonObject, jsonEqual, type JsonValue, memberOf } from "../../lib/json.ts";
import { isOfFormat } from "./string-format.ts";

/**
 * Whether a value matches a schema below `oneOf`, `anyOf` or `not`, which has no types of its own: those are outside
 * (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema).
 */
export function matchesFact(fact: Readonly<Record<string, unknown>>, value: JsonValue): boolean {
  return Object.entries(fact).every(([keyword, rule]) => KEYWORDS[keyword]?.(rule, value) ?? true);
}

type Facts = readonly Readonly<Record<string, unknown>>[];

const KEYWORDS: Readonly<Record<string, (rule: unknown, value: JsonValue) => boolean>> = {
  enum: (rule, value) => (rule as readonly JsonValue[]).some((item) => jsonEqual(item, value)),
  format: (rule, value) => typeof value !== "string" || isOfFormat(rule as string, value),
  required: (rule, value) =>
    !isJsonObject(value) || (rule as readonly string[]).every((name) => memberOf(value, name) !== undefined),
  properties: (rule, value) =>
    !isJsonObject(value) ||
    Object.entries(rule as Readonly<Record<string, Readonly<Record<string, unknown>>>>).every(([name, fact]) => {
      const member = memberOf(value, name);
      return member === undefined || matchesFact(fact, member);
    }),
  anyOf: (rule, value) => (rule as Facts).some((fact) => matchesFact(fact, value)),
  allOf: (rule, value) => (rule as Facts).every((fact) => matchesFact(fact, value)),
  oneOf: (rule, value) => (rule as Facts).filter((fact) => matchesFact(fact, value)).length === 1,
  not: (rule, value) => !matchesFact(rule as Readonly<Record<string, unknown>>, value),
};
