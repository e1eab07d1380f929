import type { JsonValue } from "../../lib/json.ts";

/**
 * The shape of API types, built once at start-up from the facts (kube-types.json: Go types; gateway-types.json and
 * sluice-types.json: structural schemas). Everything that needs to know a type (decoding, defaults, validation, patches,
 * apply, OpenAPI) walks these nodes; nothing is written by hand per kind.
 */
export type Schema = ScalarSchema | ObjectSchema | ListSchema | MapSchema | AnySchema;

export type ScalarType =
  | "string"
  | "int32"
  | "int64"
  | "float64"
  | "bool"
  | "bytes"
  | "time"
  | "microtime"
  | "duration"
  | "quantity"
  | "intOrString";

export interface ScalarSchema extends Constraints {
  readonly kind: "scalar";
  readonly type: ScalarType;
  /** The Go type as decoding errors name it (`v1.PullPolicy`); absent for structural schemas. */
  readonly goType?: string;
}

export interface ObjectSchema extends Constraints {
  readonly kind: "object";
  /** The Go type (`core/v1.Container`), or `Kind.path` for a structural schema; names OpenAPI definitions. */
  readonly name: string;
  /** All fields by JSON name, those of inlined structs included. */
  readonly fields: ReadonlyMap<string, Field>;
  /** The message's own fields by protobuf number: not those of inlined structs, which are messages of their own. */
  readonly numbers: ReadonlyMap<number, Field>;
  /** Structs that JSON inlines but protobuf nests: field number → the inlined struct. */
  readonly inlined: ReadonlyMap<number, ObjectSchema>;
  /** "atomic": server-side apply treats the object as one value. */
  readonly mapType: "granular" | "atomic";
  readonly preserveUnknown: boolean;
}

export interface ListSchema extends Constraints {
  readonly kind: "list";
  readonly items: Schema;
  readonly listType: "atomic" | "set" | "map";
  /** JSON names of the fields that identify an item of a "map" list. */
  readonly keys: readonly string[];
  readonly goType?: string;
}

export interface MapSchema extends Constraints {
  readonly kind: "map";
  readonly values: Schema;
  readonly mapType: "granular" | "atomic";
  readonly goType?: string;
}

/** Anything goes (RawExtension, FieldsV1, untyped schemas). */
export interface AnySchema extends Constraints {
  readonly kind: "any";
  /** The Go type, where it has one. */
  readonly goType?: "v1.FieldsV1" | "runtime.RawExtension";
}

export interface Field {
  readonly name: string;
  readonly schema: Schema;
  /** Of a field of an inlined struct: the structs between (`ProbeHandler`), which decoding errors name. */
  readonly embedded?: string;
  /** Must be present (`required` in the facts). */
  readonly required: boolean;
  /** A Go pointer: absent and zero are two things. */
  readonly pointer: boolean;
  /** Left out of JSON when zero or empty; a value that Go holds as a struct (times, quantities, int-or-strings too) never is. */
  readonly omitempty: boolean;
  /** Left out of JSON when zero, a struct too. */
  readonly omitzero: boolean;
  /** Put in by the API server when the field is not set: what the schema declares, or a constant of Kubernetes' code. */
  readonly default?: JsonValue;
  /** Protobuf field number and wire type; absent for structural schemas and for fields of an inlined struct. */
  readonly pb?: { readonly number: number; readonly wire: "varint" | "bytes" | "fixed64" | "fixed32" };
  /** How a strategic merge patch treats the field; absent: replace scalars and lists, merge structs and maps. */
  readonly patchStrategy?: readonly ("merge" | "replace" | "retainKeys")[];
  readonly patchMergeKey?: string;
}

/** What structural schemas add (OpenAPI v3 as CRDs use it), and the enums and defaults that Go types declare. */
export interface Constraints {
  /** As the schema itself declares it; `Field.default` is what is put in. */
  readonly default?: JsonValue;
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly pattern?: string;
  /** The pattern, compiled. */
  readonly expression?: RegExp;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly exclusiveMaximum?: boolean;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly nullable?: boolean;
  readonly oneOf?: readonly Record<string, unknown>[];
  readonly anyOf?: readonly Record<string, unknown>[];
  readonly not?: Record<string, unknown>;
}

/** How Go, and so the API's decoding errors, name the type of a value: `v1.PodSpec`, `[]v1.Container`, `int32`. */
export function goTypeOf(schema: Schema): string {
  switch (schema.kind) {
    case "object":
      return schema.name.slice(schema.name.indexOf("/") + 1);
    case "any":
      return "interface {}";
    default:
      return schema.goType ?? "";
  }
}
