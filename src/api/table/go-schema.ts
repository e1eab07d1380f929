import { type FieldFact, kubeFacts } from "./facts.ts";
import type { Constraints, Field, ListSchema, MapSchema, ObjectSchema, ScalarType, Schema } from "./schema.ts";

const SCALARS: Readonly<Record<string, ScalarType>> = {
  string: "string",
  int32: "int32",
  int64: "int64",
  float64: "float64",
  bool: "bool",
  bytes: "bytes",
  time: "time",
  microtime: "microtime",
  duration: "duration",
  quantity: "quantity",
  intOrString: "intOrString",
};
const UNTYPED = new Set(["rawExtension", "fieldsV1", "any"]);

const LIST = "[]";
const MAP = "map[string]";

/** Builds the schemas of Go types out of the facts; each type once, however often it is referred to. */
export class GoSchemas {
  readonly #built = new Map<string, ObjectSchema>();

  /** The schema of a type such as `apps/v1.Deployment`. */
  type(name: string): ObjectSchema {
    const known = this.#built.get(name);
    if (known) return known;
    const fact = kubeFacts.types[name];
    if (!fact) throw new Error(`no facts of type ${name}`);
    const fields = new Map<string, Field>();
    const inlined = new Map<number, ObjectSchema>();
    const schema: ObjectSchema = {
      kind: "object",
      name,
      fields,
      inlined,
      mapType: fact.mapType === "atomic" ? "atomic" : "granular",
      preserveUnknown: false,
    };
    // Registered before its fields are built: types may contain themselves.
    this.#built.set(name, schema);
    for (const field of fact.fields) {
      if (!field.inline) {
        fields.set(field.name, this.#field(field));
        continue;
      }
      const inner = this.type(field.type);
      // Protobuf numbers of an inlined struct's fields belong to its own message.
      for (const [key, { pb: _, ...rest }] of inner.fields) fields.set(key, rest);
      if (field.pb) inlined.set(pbNumber(field.pb), inner);
    }
    return schema;
  }

  #field(fact: FieldFact): Field {
    const schema = this.#schema(fact.type, fact);
    return {
      name: fact.name,
      schema,
      required: fact.required ?? false,
      pointer: fact.pointer ?? false,
      omitempty: fact.omitempty ?? false,
      omitzero: fact.omitzero ?? false,
      ...(fact.pb && { pb: { number: pbNumber(fact.pb), wire: wireOf(schema) } }),
      ...(fact.patchStrategy && { patchStrategy: patchStrategies(fact.patchStrategy) }),
      ...(fact.patchMergeKey && { patchMergeKey: fact.patchMergeKey }),
    };
  }

  #schema(type: string, fact: FieldFact): Schema {
    if (type.startsWith(LIST)) return this.#list(type.slice(LIST.length), fact);
    if (type.startsWith(MAP)) return this.#map(type.slice(MAP.length), fact);
    const scalar = SCALARS[type];
    if (scalar) return { kind: "scalar", type: scalar, ...constraintsOf(fact) };
    if (UNTYPED.has(type)) return { kind: "any" };
    const object = this.type(type);
    return fact.mapType === undefined
      ? object
      : { ...object, mapType: fact.mapType === "atomic" ? "atomic" : "granular" };
  }

  #list(items: string, fact: FieldFact): ListSchema {
    const listType = fact.listType === "map" || fact.listType === "set" ? fact.listType : "atomic";
    return { kind: "list", items: this.#schema(items, plain(fact)), listType, keys: fact.listMapKeys ?? [] };
  }

  #map(values: string, fact: FieldFact): MapSchema {
    return {
      kind: "map",
      values: this.#schema(values, plain(fact)),
      mapType: fact.mapType === "atomic" ? "atomic" : "granular",
    };
  }
}

/** The facts of a list's or a map's field that say something about its items. */
function plain(fact: FieldFact): FieldFact {
  return {
    name: fact.name,
    type: fact.type,
    ...(fact.enum && { enum: fact.enum }),
    ...(fact.format && { format: fact.format }),
  };
}

function constraintsOf(fact: FieldFact): Constraints {
  return {
    ...(fact.default !== undefined && { default: fact.default }),
    ...(fact.enum && { enum: fact.enum }),
    ...(fact.format && { format: fact.format }),
  };
}

/** `25:bytes` → 25 */
function pbNumber(pb: string): number {
  return Number(pb.slice(0, pb.indexOf(":")));
}

/** Some struct tags call an integer `bytes`; the generated code goes by the Go type, and so do we. */
function wireOf(schema: Schema): "varint" | "bytes" | "fixed64" {
  const leaf = schema.kind === "list" ? schema.items : schema;
  if (leaf.kind !== "scalar") return "bytes";
  if (leaf.type === "int32" || leaf.type === "int64" || leaf.type === "bool") return "varint";
  return leaf.type === "float64" ? "fixed64" : "bytes";
}

function patchStrategies(text: string): ("merge" | "replace" | "retainKeys")[] {
  return text.split(",").filter((s) => s === "merge" || s === "replace" || s === "retainKeys");
}
