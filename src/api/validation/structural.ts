import {
  isJsonArray,
  isJsonObject,
  type JsonArray,
  jsonEqual,
  type JsonObject,
  type JsonValue,
  memberOf,
} from "../../lib/json.ts";
import type { Constraints, Field, ListSchema, ObjectSchema, Schema } from "../table/schema.ts";
import type { FieldErrors } from "./field-errors.ts";
import { FieldPath } from "./field-path.ts";
import { formatProblem } from "./string-format.ts";
import { matchesFact } from "./sub-schema.ts";

/**
 * Objects of custom kinds, against their structural schemas, with the words of kube-openapi.
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation
 */

/** What the API server says where it does not say where. */
export const NOWHERE: FieldPath = FieldPath.of("<nil>");

export interface StructuralOptions {
  /** The stored state: what is as it was is not looked at again. */
  readonly old?: JsonValue | undefined;
  /** Where the value is, when it is not the whole object. */
  readonly at?: FieldPath;
}

export function validateStructural(
  schema: Schema,
  value: JsonValue,
  errors: FieldErrors,
  options: StructuralOptions = {},
): void {
  new StructuralWalk(options.at, errors).walk(schema, value, options.old, "");
}

class StructuralWalk {
  readonly #at: FieldPath | undefined;
  readonly #errors: FieldErrors;

  constructor(at: FieldPath | undefined, errors: FieldErrors) {
    this.#at = at;
    this.#errors = errors;
  }

  /** @param name the path from the object on, as it is in sentences */
  walk(schema: Schema, value: JsonValue, old: JsonValue | undefined, name: string): void {
    if (old !== undefined && jsonEqual(value, old)) return;
    const type = typeOf(schema);
    if (value === null) {
      if (type !== undefined && !schema.nullable) this.#wrongType(name, type, "null");
      this.#enum(schema, value, name);
      return;
    }
    if (type !== undefined && !isOfType(value, type)) this.#mismatch(schema, type, value, name);
    this.#alternatives(schema, value, name);
    if (typeof value === "string") this.#string(schema, value, name);
    else if (typeof value === "number") this.#number(schema, value, name);
    else if (isJsonArray(value)) this.#list(schema, value, old, name);
    this.#enum(schema, value, name);
    if (isJsonObject(value)) this.#object(schema, value, old, name);
  }

  #path(name: string): FieldPath {
    const relative = name.replace(/^\./, "");
    if (this.#at) return relative === "" ? this.#at : this.#at.child(relative);
    return relative === "" ? NOWHERE : FieldPath.of(relative);
  }

  #invalid(name: string, value: unknown, rule: string): void {
    this.#errors.invalid(this.#path(name), value, `${name} in body ${rule}`);
  }

  #wrongType(name: string, type: string, found: string): void {
    this.#errors.typeInvalid(
      this.#path(name),
      found,
      `${name} in body must be of type ${type}: ${JSON.stringify(found)}`,
    );
  }

  /** Of values other than texts and lists, formats are compared first, as far as they have one in Go. */
  #mismatch(schema: Constraints, type: string, value: Exclude<JsonValue, null>, name: string): void {
    const isPlain = typeof value !== "string" && !isJsonArray(value);
    if (schema.format !== undefined && isPlain) this.#wrongType(name, schema.format, goFormatOf(value));
    else this.#wrongType(name, type, typeNameOf(value));
  }

  #enum(schema: Constraints, value: JsonValue, name: string): void {
    const allowed = schema.enum as readonly JsonValue[] | undefined;
    if (!allowed || allowed.some((item) => jsonEqual(item, value))) return;
    const shown = allowed.map((item) => (typeof item === "string" ? item : JSON.stringify(item)));
    this.#errors.notSupported(this.#path(name), value, shown);
  }

  #alternatives({ oneOf, anyOf, not }: Constraints, value: JsonValue, name: string): void {
    const refuse = (why: string): void => this.#errors.invalid(NOWHERE, "", `${JSON.stringify(name)} must ${why}`);
    if (anyOf && !anyOf.some((fact) => matchesFact(fact, value))) refuse("validate at least one schema (anyOf)");
    const matches = oneOf?.filter((fact) => matchesFact(fact, value)).length ?? 1;
    if (matches !== 1) {
      const found = matches === 0 ? "Found none valid" : `Found ${matches} valid alternatives`;
      refuse(`validate one and only one schema (oneOf). ${found}`);
    }
    if (not && matchesFact(not, value)) refuse("not validate the schema (not)");
  }

  /** The first thing only that is wrong with a text's length or form. */
  #string(schema: Constraints, value: string, name: string): void {
    const { minLength = 0, maxLength = Number.POSITIVE_INFINITY, pattern, expression, format } = schema;
    const length = runeCount(value);
    if (length > maxLength) this.#errors.tooLong(this.#path(name), maxLength);
    else if (length < minLength) this.#invalid(name, value, `should be at least ${minLength} chars long`);
    else if (pattern !== undefined && expression && !expression.test(value))
      this.#invalid(name, value, `should match '${pattern}'`);
    const problem = format && formatProblem(format, value);
    if (problem) this.#errors.typeInvalid(this.#path(name), value, `${name} in body ${problem}`);
  }

  #number(schema: Schema, value: number, name: string): void {
    if (
      typeOf(schema) === "integer" &&
      (!Number.isInteger(value) || (schema.format === "int32" && value !== (value | 0)))
    ) {
      const format = schema.format === undefined ? "(default format)" : `with format ${schema.format}`;
      this.#errors.invalid(NOWHERE, "", `Checked value must be of type integer ${format} in ${name}`);
    }
    const { minimum, maximum, exclusiveMinimum = false, exclusiveMaximum = false } = schema;
    if (maximum !== undefined && isBeyond(value - maximum, exclusiveMaximum))
      this.#invalid(name, value, `should be less than ${exclusiveMaximum ? "" : "or equal to "}${maximum}`);
    if (minimum !== undefined && isBeyond(minimum - value, exclusiveMinimum))
      this.#invalid(name, value, `should be greater than ${exclusiveMinimum ? "" : "or equal to "}${minimum}`);
  }

  #list(schema: Schema, value: JsonArray, old: JsonValue | undefined, name: string): void {
    const { minItems = 0, maxItems = Number.POSITIVE_INFINITY } = schema;
    if (schema.kind === "list") {
      const before = itemsBefore(schema, old);
      for (const [i, item] of value.entries()) this.walk(schema.items, item, before(item), `${name}[${i}]`);
    }
    if (value.length < minItems) this.#invalid(name, value.length, `should have at least ${minItems} items`);
    if (value.length > maxItems) this.#errors.tooMany(this.#path(name), value.length, maxItems);
  }

  #object(schema: Schema, value: JsonObject, old: JsonValue | undefined, name: string): void {
    const { minProperties = 0, maxProperties = Number.POSITIVE_INFINITY } = schema;
    const size = minProperties > 0 || maxProperties < Number.POSITIVE_INFINITY ? Object.keys(value).length : 0;
    if (size < minProperties) this.#invalid(name, size, `should have at least ${minProperties} properties`);
    if (size > maxProperties) this.#errors.tooMany(this.#path(name), size, maxProperties);
    if (schema.kind === "map") {
      for (const [key, member] of Object.entries(value))
        this.walk(schema.values, member ?? null, memberBefore(old, key), `${name}.${key}`);
    } else if (schema.kind === "object") this.#fields(schema, value, old, name);
  }

  #fields({ fields }: ObjectSchema, value: JsonObject, old: JsonValue | undefined, name: string): void {
    for (const field of fields.values()) {
      // Metadata has a validation of its own, as in all kinds.
      if (name === "" && field.name === "metadata" && this.#at === undefined) continue;
      const member = memberOf(value, field.name);
      const memberName = name === "" ? field.name : `${name}.${field.name}`;
      if (member !== undefined) this.walk(field.schema, member, memberBefore(old, field.name), memberName);
    }
    for (const field of missing(fields, value)) this.#errors.required(this.#path(`${name}.${field.name}`));
  }
}

/** @param excess how far a number is on the wrong side of a limit */
function isBeyond(excess: number, isExclusive: boolean): boolean {
  return excess > 0 || (isExclusive && excess === 0);
}

/** Characters, as Go counts them. */
function runeCount(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

function* missing(fields: ObjectSchema["fields"], value: JsonObject): Generator<Field, void, undefined> {
  for (const field of fields.values()) if (field.required && memberOf(value, field.name) === undefined) yield field;
}

function memberBefore(old: JsonValue | undefined, name: string): JsonValue | undefined {
  return isJsonObject(old) ? memberOf(old, name) : undefined;
}

/** Items are the same over time by their keys; those of other lists cannot be told apart. */
function itemsBefore(
  { listType, keys }: ListSchema,
  old: JsonValue | undefined,
): (item: JsonValue) => JsonValue | undefined {
  if (listType !== "map" || old === undefined || !isJsonArray(old)) return () => undefined;
  return (item) =>
    old.find((before) => keys.every((key) => jsonEqual(memberBefore(before, key), memberBefore(item, key))));
}

const SCALAR_TYPES = {
  string: "string",
  int32: "integer",
  int64: "integer",
  float64: "number",
  bool: "boolean",
} as const;

/** As OpenAPI names it; undefined for what has no single type. */
function typeOf(schema: Schema): string | undefined {
  switch (schema.kind) {
    case "object":
    case "map":
      return "object";
    case "list":
      return "array";
    case "any":
      return undefined;
    default:
      return schema.type in SCALAR_TYPES ? SCALAR_TYPES[schema.type as keyof typeof SCALAR_TYPES] : undefined;
  }
}

function goFormatOf(value: JsonValue): string {
  if (typeof value !== "number") return "";
  return Number.isInteger(value) ? "int64" : "float64";
}

function typeNameOf(value: Exclude<JsonValue, null>): string {
  if (typeof value === "object") return isJsonArray(value) ? "array" : "object";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

function isOfType(value: Exclude<JsonValue, null>, type: string): boolean {
  const found = typeNameOf(value);
  return found === type || (found === "integer" && type === "number");
}
