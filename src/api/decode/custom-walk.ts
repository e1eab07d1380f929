import {
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type MutableJsonObject,
  setMember,
} from "../../lib/json.ts";
import type { ObjectSchema, Schema } from "../table/schema.ts";
import { JsonDocument } from "./json-document.ts";
import { cloneJson, type Walked, walkTyped } from "./typed-walk.ts";

/**
 * Reads an object of a kind that a structural schema defines, as the API server reads custom resources: metadata is typed,
 * what the schema does not know is pruned (and reported), nulls that it does not allow are dropped. Wrong types are not the
 * reader's business but validation's.
 */
export function walkCustom(schema: ObjectSchema, document: JsonDocument): Walked {
  const { value } = document;
  if (!isJsonObject(value)) return { value: {}, problems: [] };
  const problems = document.hasDuplicates() ? duplicatesOf(document) : [];
  const metadata = metadataOf(schema, value["metadata"]);
  problems.push(...metadata.problems);
  const walk = new PruneWalk();
  const { apiVersion = "", kind = "", metadata: _, ...rest } = value;
  const pruned = walk.object(schema, rest);
  problems.push(...walk.unknown.sort().map((path) => `unknown field "${path}"`));
  return { value: { apiVersion, kind, metadata: metadata.value, ...pruned }, problems };
}

function duplicatesOf(document: JsonDocument): string[] {
  const paths = new Set(document.members().flatMap((member) => (member.duplicate ? [member.path] : [])));
  return [...paths].map((path) => `duplicate field "${path}"`);
}

function metadataOf(schema: ObjectSchema, metadata: JsonValue | undefined): Walked {
  const field = schema.fields.get("metadata");
  if (field?.schema.kind !== "object") throw new Error(`${schema.name} has no metadata`);
  const walked = walkTyped(field.schema, JsonDocument.of(metadata ?? {}));
  return { value: walked.value, problems: walked.problems.map((text) => text.replace('"', '"metadata.')) };
}

class PruneWalk {
  readonly unknown: string[] = [];
  readonly #path: string[] = [];

  object(schema: ObjectSchema, value: JsonObject): JsonObject {
    const output: MutableJsonObject = {};
    for (const [name, item] of Object.entries(value)) {
      if (item === undefined) continue;
      const field = schema.fields.get(name);
      if (field) this.#member(output, name, field.schema, item);
      else if (schema.preserveUnknown) setMember(output, name, cloneJson(item));
      else this.#reportUnknown(name);
    }
    return output;
  }

  #member(output: MutableJsonObject, name: string, schema: Schema, item: JsonValue): void {
    if (item === null && !keepsNull(schema)) return;
    this.#path.push(this.#path.length > 0 ? `.${name}` : name);
    setMember(output, name, this.#value(schema, item));
    this.#path.pop();
  }

  /** A value of a wrong type stays, for validation to refuse, but nothing is known of what is in it. */
  #value(schema: Schema | undefined, value: JsonValue): JsonValue {
    if (schema?.kind === "any") return cloneJson(value);
    if (isJsonArray(value)) {
      const items = schema?.kind === "list" ? schema.items : undefined;
      return value.map((item, i) => this.#item(items, item, i));
    }
    if (!isJsonObject(value)) return value;
    if (schema?.kind === "object") return this.object(schema, value);
    const output: MutableJsonObject = {};
    for (const [name, item] of Object.entries(value)) {
      if (item === undefined) continue;
      if (schema?.kind === "map") this.#member(output, name, schema.values, item);
      else this.#reportUnknown(name);
    }
    return output;
  }

  #reportUnknown(name: string): void {
    this.unknown.push([...this.#path, this.#path.length > 0 ? `.${name}` : name].join(""));
  }

  #item(schema: Schema | undefined, item: JsonValue, index: number): JsonValue {
    this.#path.push(`[${index}]`);
    const value = this.#value(schema, item);
    this.#path.pop();
    return value;
  }
}

/** A null that has a default is replaced by it later. */
function keepsNull(schema: Schema): boolean {
  return schema.nullable === true || schema.default !== undefined;
}
