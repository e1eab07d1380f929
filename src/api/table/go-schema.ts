import type { JsonValue } from "../../lib/json.ts";
import { defaultFacts, type FieldFact, kubeFacts } from "./facts.ts";
import {
  type AnySchema,
  type Constraints,
  type Field,
  goTypeOf,
  type ListSchema,
  type MapSchema,
  type ObjectSchema,
  type ScalarType,
  type Schema,
} from "./schema.ts";

/** Scalars of the facts, and how Go names them. */
const SCALARS: Readonly<Record<string, readonly [ScalarType, string]>> = {
  string: ["string", "string"],
  int32: ["int32", "int32"],
  int64: ["int64", "int64"],
  float64: ["float64", "float64"],
  bool: ["bool", "bool"],
  bytes: ["bytes", "[]uint8"],
  time: ["time", "v1.Time"],
  microtime: ["microtime", "v1.MicroTime"],
  duration: ["duration", "v1.Duration"],
  quantity: ["quantity", "resource.Quantity"],
  intOrString: ["intOrString", "intstr.IntOrString"],
};
const UNTYPED: Readonly<Record<string, AnySchema>> = {
  rawExtension: { kind: "any", goType: "runtime.RawExtension" },
  fieldsV1: { kind: "any", goType: "v1.FieldsV1" },
  any: { kind: "any" },
};

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
    const numbers = new Map<number, Field>();
    const inlined = new Map<number, ObjectSchema>();
    const schema: ObjectSchema = {
      kind: "object",
      name,
      fields,
      numbers,
      inlined,
      mapType: fact.mapType === "atomic" ? "atomic" : "granular",
      preserveUnknown: false,
    };
    // Registered before its fields are built: types may contain themselves.
    this.#built.set(name, schema);
    for (const field of fact.fields) {
      if (!field.inline) {
        const built = this.#field(field, defaultFacts[name]?.[field.name]);
        fields.set(field.name, built);
        if (built.pb) numbers.set(built.pb.number, built);
        continue;
      }
      const inner = this.type(field.type);
      for (const [key, value] of inner.fields) fields.set(key, embed(field.type, value));
      if (field.pb) inlined.set(pbNumber(field.pb), inner);
    }
    return schema;
  }

  #field(fact: FieldFact, constant: JsonValue | undefined): Field {
    const schema = this.#schema(fact.type, fact);
    const value = constant ?? fact.default;
    return {
      name: fact.name,
      schema,
      required: fact.required ?? false,
      pointer: fact.pointer ?? false,
      omitempty: fact.omitempty ?? false,
      omitzero: fact.omitzero ?? false,
      ...(value !== undefined && { default: value }),
      ...(fact.pb && { pb: { number: pbNumber(fact.pb), wire: wireOf(schema) } }),
      ...(fact.patchStrategy && { patchStrategy: patchStrategies(fact.patchStrategy) }),
      ...(fact.patchMergeKey && { patchMergeKey: fact.patchMergeKey }),
    };
  }

  #schema(type: string, fact: FieldFact): Schema {
    if (type.startsWith(LIST)) return this.#list(type.slice(LIST.length), fact);
    if (type.startsWith(MAP)) return this.#map(type.slice(MAP.length), fact);
    const scalar = SCALARS[type];
    if (scalar) return { kind: "scalar", type: scalar[0], goType: fact.goType ?? scalar[1], ...constraintsOf(fact) };
    const untyped = UNTYPED[type];
    if (untyped) return untyped;
    const object = this.type(type);
    return fact.mapType === undefined
      ? object
      : { ...object, mapType: fact.mapType === "atomic" ? "atomic" : "granular" };
  }

  #list(items: string, fact: FieldFact): ListSchema {
    const schema = this.#schema(items, itemFact(fact, /^\[\]/));
    const listType = fact.listType === "map" || fact.listType === "set" ? fact.listType : "atomic";
    const goType = fact.goType ?? `[]${goTypeOf(schema)}`;
    return { kind: "list", items: schema, listType, keys: fact.listMapKeys ?? [], goType };
  }

  #map(values: string, fact: FieldFact): MapSchema {
    const schema = this.#schema(values, itemFact(fact, /^map\[[\w.]+\]/));
    const mapType = fact.mapType === "atomic" ? "atomic" : "granular";
    return { kind: "map", values: schema, mapType, goType: fact.goType ?? `map[string]${goTypeOf(schema)}` };
  }
}

/** A field of an inlined struct, as a field of the outer one. */
function embed(type: string, field: Field): Field {
  // Its protobuf number belongs to the inlined struct's own message.
  const { pb: _, ...rest } = field;
  if (type === "meta/v1.TypeMeta") return rest;
  const struct = shortName(type);
  return { ...rest, embedded: field.embedded ? `${struct}.${field.embedded}` : struct };
}

/** `core/v1.Container` → `Container` */
function shortName(type: string): string {
  return type.slice(type.lastIndexOf(".") + 1);
}

/** What the facts of a list's or a map's field say about its items. */
function itemFact(fact: FieldFact, prefix: RegExp): FieldFact {
  // A named type (`v1.ResourceList`) does not tell the type of its items, which then is the plain one.
  const goType = fact.goType && prefix.test(fact.goType) ? fact.goType.replace(prefix, "") : undefined;
  return {
    name: fact.name,
    type: fact.type,
    ...(goType && { goType }),
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
