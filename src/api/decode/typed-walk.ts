import { goJsonType, quoteGo } from "../../lib/go-format.ts";
import {
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type MutableJsonObject,
  setMember,
} from "../../lib/json.ts";
import {
  type Field,
  goTypeOf,
  type ListSchema,
  type MapSchema,
  type ObjectSchema,
  type ScalarSchema,
  type Schema,
} from "../table/schema.ts";
import { DecodingError, type TypeMismatch } from "./decoding-error.ts";
import type { JsonDocument } from "./json-document.ts";
import { type Context, decodeScalar, Mismatch } from "./scalar.ts";

/** What a walk found that a strict decoder refuses or reports. */
export interface Walked {
  readonly value: JsonObject;
  /** `unknown field "spec.foo"`, in the order of the text. */
  readonly problems: readonly string[];
}

/** More strict problems than these are not reported. */
const MAX_PROBLEMS = 100;

/**
 * Decodes a JSON value into a Go type and back: what comes out is what the API server would print after it had read the
 * value into its struct. Unknown fields are dropped and reported, zero values are left out or put in as the struct tags
 * say, scalars are brought into their canonical form, fields come in the order of their declaration.
 */
export function walkTyped(schema: ObjectSchema, document: JsonDocument): Walked {
  const walk = new TypedWalk(document);
  const value = walk.struct(schema, document.value);
  walk.throwFirstFailure();
  return { value, problems: walk.problems() };
}

interface Failure {
  readonly path: string;
  readonly message: string;
  /** Go goes on after a value of a wrong type, but stops where a type reads itself and fails. */
  readonly fatal: boolean;
  readonly mismatch: TypeMismatch | undefined;
}

class TypedWalk implements Context {
  readonly #document: JsonDocument;
  readonly #path: (string | number)[] = [];
  /** The fields entered, and the structs that they are fields of. */
  readonly #fields: Field[] = [];
  readonly #owners: ObjectSchema[] = [];
  readonly #unknown: string[] = [];
  readonly #failures: Failure[] = [];
  readonly exactNumbers: boolean;

  constructor(document: JsonDocument) {
    this.#document = document;
    this.exactNumbers = document.hasFractions;
  }

  numberText(): string | undefined {
    return this.#document.numberAt(this.#pathText());
  }

  struct(schema: ObjectSchema, input: JsonValue | undefined): JsonObject {
    const given = this.#record(schema, input);
    const output: MutableJsonObject = {};
    let known = 0;
    for (const field of schema.fields.values()) {
      const value = given[field.name];
      if (value !== undefined) known++;
      const decoded = this.#field(schema, field, value);
      if (decoded !== undefined) output[field.name] = decoded;
    }
    const names = Object.keys(given);
    if (names.length !== known) this.#reportUnknown(schema, names);
    return output;
  }

  /** The members of the input; none of them when it is not an object at all. */
  #record(schema: Schema, input: JsonValue | undefined): JsonObject {
    if (isJsonObject(input)) return input;
    if (input !== null && input !== undefined) this.#wrongShape(schema, input);
    return {};
  }

  #reportUnknown(schema: ObjectSchema, names: readonly string[]): void {
    for (const name of names) {
      if (schema.fields.has(name)) continue;
      this.#path.push(name);
      this.#unknown.push(this.#pathText());
      this.#path.pop();
    }
  }

  #field(owner: ObjectSchema, field: Field, value: JsonValue | undefined): JsonValue | undefined {
    if (value === undefined || value === null) return this.#absent(field);
    this.#path.push(field.name);
    this.#fields.push(field);
    this.#owners.push(owner);
    const decoded = this.#value(field.schema, value);
    this.#path.pop();
    this.#fields.pop();
    this.#owners.pop();
    if (isEmpty(field.schema, decoded)) return field.omitempty && !field.pointer ? undefined : decoded;
    return decoded;
  }

  /** What Go prints for a field that was not given: nothing, or its zero value. */
  #absent(field: Field): JsonValue | undefined {
    if (field.pointer) return field.omitempty ? undefined : null;
    if (field.omitzero) return undefined;
    const { schema } = field;
    if (schema.kind === "object") return this.struct(schema, undefined);
    const zero = zeroOf(schema);
    return field.omitempty && isEmpty(schema, zero) ? undefined : zero;
  }

  #value(schema: Schema, value: JsonValue): JsonValue {
    switch (schema.kind) {
      case "object":
        return this.struct(schema, value);
      case "list":
        return this.#list(schema, value);
      case "map":
        return this.#map(schema, value);
      case "scalar":
        return this.#scalar(schema, value);
      case "any":
        return cloneJson(value);
    }
  }

  #list(schema: ListSchema, value: JsonValue): JsonValue {
    if (!isJsonArray(value)) {
      this.#wrongShape(schema, value);
      return null;
    }
    const { items } = schema;
    const output: JsonValue[] = [];
    for (const [i, item] of value.entries()) {
      this.#path.push(i);
      output.push(item === null ? this.#zeroItem(items) : this.#value(items, item));
      this.#path.pop();
    }
    // An empty list does not survive the store, which cannot tell it from none.
    return output.length === 0 ? null : output;
  }

  #map(schema: MapSchema, value: JsonValue): JsonValue {
    if (!isJsonObject(value)) {
      this.#wrongShape(schema, value);
      return null;
    }
    const { values } = schema;
    const names = Object.keys(value);
    if (names.length === 0) return this.#showsEmptyMap() ? {} : null;
    // Go prints maps in the order of their keys.
    if (names.length > 1) names.sort(byBytes);
    const output: MutableJsonObject = {};
    for (const name of names) {
      const item = value[name] ?? null;
      this.#path.push(name);
      setMember(output, name, item === null ? this.#zeroItem(values) : this.#value(values, item));
      this.#path.pop();
    }
    return output;
  }

  /**
   * An empty map is as good as none, and both are never told apart once stored. The labels of a template that must match a selector are
   * refused when they are empty, though, and the refusal says which of both they were.
   */
  #showsEmptyMap(): boolean {
    return this.#fields.at(-1)?.name === "labels" && SELECTED_TEMPLATES.has(this.#owners.at(-3)?.name ?? "");
  }

  #zeroItem(schema: Schema): JsonValue {
    if (schema.kind === "object") return this.struct(schema, undefined);
    // The store keeps bytes that are absent as bytes that are empty.
    return schema.kind === "scalar" && schema.type === "bytes" ? "" : zeroOf(schema);
  }

  #scalar(schema: ScalarSchema, value: JsonValue): JsonValue {
    try {
      return decodeScalar(schema, value, this);
    } catch (error) {
      if (error instanceof Mismatch) this.#wrongScalar(schema, value, error);
      else if (error instanceof DecodingError) this.#fail(error.message, schema.type !== "bytes");
      else throw error;
      return zeroOf(schema);
    }
  }

  #wrongShape(schema: Schema, value: JsonValue): void {
    const wanted = goTypeOf(schema);
    this.#fail(this.#mismatchText(goJsonType(value), wanted), false, { value, wanted, shape: schema.kind });
  }

  #wrongScalar(schema: ScalarSchema, value: JsonValue, { given, wanted, fatal }: Mismatch): void {
    const text = this.#mismatchText(given, wanted);
    this.#fail(text, fatal, fatal ? undefined : { value, wanted, shape: schema.kind });
  }

  #mismatchText(given: string, wanted: string): string {
    const owner = this.#owners.at(-1);
    const target = owner
      ? `Go struct field ${owner.name.slice(owner.name.lastIndexOf(".") + 1)}.${this.#fieldPath()}`
      : "Go value";
    return `json: cannot unmarshal ${given} into ${target} of type ${wanted}`;
  }

  #fail(message: string, fatal: boolean, mismatch?: TypeMismatch): void {
    this.#failures.push({ path: this.#pathText(), message, fatal, mismatch });
  }

  /** The fields that led here, inlined structs named, indexes not: `spec.containers.readinessProbe.ProbeHandler.httpGet`. */
  #fieldPath(): string {
    return this.#fields.map((f) => (f.embedded ? `${f.embedded}.${f.name}` : f.name)).join(".");
  }

  #pathText(): string {
    let text = "";
    for (const step of this.#path) {
      if (typeof step === "number") text += `[${step}]`;
      else text += text === "" ? step : `.${step}`;
    }
    return text;
  }

  /** Throws what Go would have stopped at, or else the first thing that it would have remembered. */
  throwFirstFailure(): void {
    if (this.#failures.length === 0) return;
    const order = new Map(this.#document.members().map((member, i) => [member.path, i]));
    const place = (failure: Failure): number => order.get(failure.path) ?? 0;
    const inOrder = this.#failures.toSorted((a, b) => place(a) - place(b));
    const first = inOrder.find((failure) => failure.fatal) ?? inOrder[0];
    throw new DecodingError(first?.message ?? "", first?.mismatch);
  }

  problems(): string[] {
    const duplicates = this.#document.hasDuplicates();
    if (this.#unknown.length === 0 && !duplicates) return [];
    const unknown = new Set(this.#unknown);
    const found = new Set<string>();
    let skipped: string | undefined;
    for (const { path, duplicate } of this.#document.members()) {
      // Nothing is looked at inside a value that is dropped.
      if (skipped !== undefined && (path.startsWith(`${skipped}.`) || path.startsWith(`${skipped}[`))) continue;
      skipped = unknown.has(path) ? path : undefined;
      if (skipped !== undefined) found.add(`unknown field ${quoteGo(path)}`);
      else if (duplicate) found.add(`duplicate field ${quoteGo(path)}`);
    }
    return [...found].slice(0, MAX_PROBLEMS);
  }
}

const SELECTED_TEMPLATES: ReadonlySet<string> = new Set([
  "apps/v1.DaemonSetSpec",
  "apps/v1.DeploymentSpec",
  "apps/v1.ReplicaSetSpec",
  "apps/v1.StatefulSetSpec",
]);

/** The zero value of anything but a struct, as Go prints it. */
function zeroOf(schema: Exclude<Schema, ObjectSchema>): JsonValue {
  if (schema.kind !== "scalar") return null;
  switch (schema.type) {
    case "string":
      return "";
    case "int32":
    case "int64":
    case "float64":
    case "intOrString":
      return 0;
    case "bool":
      return false;
    case "quantity":
    case "duration":
      return schema.type === "quantity" ? "0" : "0s";
    case "time":
    case "microtime":
    case "bytes":
      return null;
  }
}

/** What `omitempty` leaves out: times, quantities and int-or-strings are structs to Go, and stay. */
function isEmpty(schema: Schema, value: JsonValue): boolean {
  if (schema.kind === "object" || schema.kind === "any") return false;
  if (schema.kind !== "scalar") return value === null;
  if (schema.type === "bytes") return value === null || value === "";
  return STAYS.has(schema.type) ? false : value === "" || value === 0 || value === false;
}

const STAYS: ReadonlySet<ScalarSchema["type"]> = new Set(["time", "microtime", "quantity", "intOrString", "duration"]);

/** Go sorts by bytes of UTF-8; below the surrogates that is the order of UTF-16 units. */
function byBytes(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** A copy that shares nothing with the value; numbers that JSON cannot hold are refused. */
export function cloneJson(value: JsonValue): JsonValue {
  if (typeof value === "number" && !Number.isFinite(value))
    throw new DecodingError(`json: cannot unmarshal number ${value} into Go value of type float64`);
  if (isJsonArray(value)) return value.map(cloneJson);
  if (!isJsonObject(value)) return value;
  const copy: MutableJsonObject = {};
  for (const [name, item] of Object.entries(value)) if (item !== undefined) setMember(copy, name, cloneJson(item));
  return copy;
}
