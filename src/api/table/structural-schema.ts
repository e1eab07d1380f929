import type { StructuralFact } from "./facts.ts";
import type { Constraints, Field, ObjectSchema, Schema } from "./schema.ts";

/** Normalises structural schemas (OpenAPI v3, as CustomResourceDefinitions use it) into the table's schemas. */
export class StructuralSchemas {
  readonly #objectMeta: ObjectSchema;

  /** @param objectMeta the schema of `metadata`, the same for every kind. */
  constructor(objectMeta: ObjectSchema) {
    this.#objectMeta = objectMeta;
  }

  /** The schema of a kind's objects. */
  root(kind: string, fact: StructuralFact): ObjectSchema {
    const schema = this.#object(kind, fact);
    const fields = new Map(schema.fields);
    fields.set("metadata", {
      name: "metadata",
      schema: this.#objectMeta,
      required: false,
      pointer: false,
      omitempty: true,
      omitzero: false,
    });
    return { ...schema, fields };
  }

  #schema(path: string, fact: StructuralFact): Schema {
    const constraints = constraintsOf(fact);
    if (fact["x-kubernetes-int-or-string"]) return { kind: "scalar", type: "intOrString", ...constraints };
    switch (fact.type) {
      case "object":
        return this.#objectOrMap(path, fact, constraints);
      case "array":
        return {
          kind: "list",
          items: this.#schema(`${path}[]`, fact.items ?? {}),
          listType: listTypeOf(fact),
          keys: fact["x-kubernetes-list-map-keys"] ?? [],
          ...constraints,
        };
      case "string":
        return { kind: "scalar", type: "string", ...constraints };
      case "integer":
        return { kind: "scalar", type: fact.format === "int32" ? "int32" : "int64", ...constraints };
      case "number":
        return { kind: "scalar", type: "float64", ...constraints };
      case "boolean":
        return { kind: "scalar", type: "bool", ...constraints };
      default:
        return { kind: "any", ...constraints };
    }
  }

  #objectOrMap(path: string, fact: StructuralFact, constraints: Constraints): Schema {
    if (typeof fact.additionalProperties !== "object") return this.#object(path, fact);
    return {
      kind: "map",
      values: this.#schema(`${path}{}`, fact.additionalProperties),
      mapType: mapTypeOf(fact),
      ...constraints,
    };
  }

  #object(path: string, fact: StructuralFact): ObjectSchema {
    const fields = new Map<string, Field>();
    for (const [name, child] of Object.entries(fact.properties ?? {})) {
      fields.set(name, {
        name,
        schema: this.#schema(`${path}.${name}`, child),
        required: fact.required?.includes(name) ?? false,
        // What is absent stays absent and what is zero stays zero: nothing is normalised as Go would.
        pointer: true,
        omitempty: false,
        omitzero: false,
        ...(child.default !== undefined && { default: child.default }),
      });
    }
    return {
      kind: "object",
      name: path,
      fields,
      numbers: new Map(),
      inlined: new Map(),
      mapType: mapTypeOf(fact),
      preserveUnknown: (fact["x-kubernetes-preserve-unknown-fields"] ?? false) || fact.additionalProperties === true,
      ...constraintsOf(fact),
    };
  }
}

function listTypeOf(fact: StructuralFact): "atomic" | "set" | "map" {
  const type = fact["x-kubernetes-list-type"];
  return type === "map" || type === "set" ? type : "atomic";
}

function mapTypeOf(fact: StructuralFact): "granular" | "atomic" {
  return fact["x-kubernetes-map-type"] === "atomic" ? "atomic" : "granular";
}

const CONSTRAINTS = [
  "default",
  "enum",
  "format",
  "pattern",
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "minProperties",
  "maxProperties",
  "nullable",
  "oneOf",
  "anyOf",
  "not",
] as const satisfies readonly (keyof Constraints & keyof StructuralFact)[];

function constraintsOf(fact: StructuralFact): Constraints {
  return {
    ...Object.fromEntries(CONSTRAINTS.filter((k) => fact[k] !== undefined).map((k) => [k, fact[k]])),
    // Patterns are RE2; those in use mean the same in JavaScript.
    ...(fact.pattern !== undefined && { expression: new RegExp(fact.pattern) }),
  };
}
