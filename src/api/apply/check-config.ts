import { formatGo } from "../../lib/go-format.ts";
import { isJsonArray, isJsonObject, type JsonValue } from "../../lib/json.ts";
import type { ListSchema, ScalarSchema, Schema } from "../table/schema.ts";
import { fieldTypeOf, itemElement, memberTypeOf, type Untyped } from "./field-type.ts";
import { formatPathElement } from "./path-element.ts";

/**
 * What is wrong with an applied configuration, so that it cannot be merged: unknown fields, values of a wrong sort, two
 * items of one key. In Kubernetes' words, or undefined.
 */
export function problemOfConfig(config: JsonValue, schema: Schema, untyped: Untyped): string | undefined {
  return new Check(untyped, false).run(config, schema);
}

/** What is wrong with a stored object. Two items of one key are a mistake, but one that server-side apply can live with. */
export function problemOfLive(live: JsonValue, schema: Schema, untyped: Untyped): string | undefined {
  return new Check(untyped, true).run(live, schema);
}

class Check {
  readonly #untyped: Untyped;
  readonly #allowDuplicates: boolean;
  readonly #problems: string[] = [];

  constructor(untyped: Untyped, allowDuplicates: boolean) {
    this.#untyped = untyped;
    this.#allowDuplicates = allowDuplicates;
  }

  run(value: JsonValue, schema: Schema): string | undefined {
    this.#value(value, schema, "");
    if (this.#problems.length <= 1) return this.#problems[0];
    return ["errors:", ...this.#problems.map((problem) => `  ${problem}`)].join("\n");
  }

  #value(value: JsonValue, schema: Schema, path: string): void {
    if (value === null) return;
    switch (schema.kind) {
      case "scalar":
        return this.#report(path, scalarProblem(value, schema));
      case "object":
      case "map":
        return this.#members(value, schema, path);
      case "list":
        return this.#items(value, schema, path);
      case "any":
        if (fieldTypeOf(schema, this.#untyped, value).kind === "map") this.#members(value, schema, path);
    }
  }

  #report(path: string, problem: string | undefined): void {
    if (problem !== undefined) this.#problems.push(path === "" ? problem : `${path}: ${problem}`);
  }

  #members(value: JsonValue, schema: Schema, path: string): void {
    if (!isJsonObject(value)) return this.#report(path, `expected map, got &{${formatGo(value)}}`);
    for (const [name, member] of Object.entries(value)) {
      const type = memberTypeOf(schema, name);
      if (!type) return this.#report(`${path}.${name}`, "field not declared in schema");
      if (member !== undefined) this.#value(member, type, `${path}.${name}`);
    }
  }

  #items(value: JsonValue, schema: ListSchema, path: string): void {
    if (!isJsonArray(value)) return this.#report(path, `expected list, got &{${formatGo(value)}}`);
    const seen = new Set<string>();
    for (const [i, item] of value.entries()) {
      if (schema.listType === "atomic") {
        this.#value(item, schema.items, `${path}[${i}]`);
        continue;
      }
      const element = itemElement(schema, item);
      if (typeof element === "string") return this.#report(path, `element ${i}: ${element}`);
      if (seen.has(element.id) && !this.#allowDuplicates)
        this.#report(path, `duplicate entries for key ${formatPathElement(element)}`);
      seen.add(element.id);
      this.#value(item, schema.items, path + formatPathElement(element));
    }
  }
}

function scalarProblem(value: JsonValue, { type }: ScalarSchema): string | undefined {
  switch (type) {
    case "int32":
    case "int64":
    case "float64":
      return typeof value === "number" ? undefined : `expected numeric (int or float), got ${goType(value)}`;
    case "bool":
      return typeof value === "boolean" ? undefined : `expected boolean, got &{${formatGo(value)}}`;
    case "string":
    case "bytes":
      return typeof value === "string"
        ? undefined
        : `expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`;
    default:
      return typeof value === "object" ? `expected any scalar, got &{${formatGo(value)}}` : undefined;
  }
}

function goType(value: JsonValue): string {
  if (Array.isArray(value)) return "[]interface {}";
  if (typeof value === "object") return "map[string]interface {}";
  return typeof value === "boolean" ? "bool" : "string";
}

/** A value as Go's `%#v` prints it. */
function goSyntax(value: JsonValue | undefined): string {
  if (value === null || value === undefined) return "interface {}(nil)";
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(", ")}}`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const members = Object.keys(value)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${goSyntax(value[name])}`);
  return `map[string]interface {}{${members.join(", ")}}`;
}
