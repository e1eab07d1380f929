import type { JsonObject, JsonValue, MutableJsonObject } from "../../lib/json.ts";
import type { AnySchema, Field, ListSchema, ObjectSchema, ScalarType, Schema } from "../table/schema.ts";
import type { KindInfo } from "../table/type-table.ts";

/** Where definitions stand in the document. */
export type RefPrefix = "#/components/schemas/" | "#/definitions/";

/** Go packages whose place in Kubernetes' source names their definitions; the others are under k8s.io/api. */
const PACKAGES: Readonly<Record<string, string>> = {
  meta: "io.k8s.apimachinery.pkg.apis.meta",
  apiextensions: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions",
};

/** Scalars that have a definition of their own, so that clients show them by name. */
const NAMED_SCALARS: Partial<Readonly<Record<ScalarType, string>>> = {
  quantity: "io.k8s.apimachinery.pkg.api.resource.Quantity",
  intOrString: "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
  time: "io.k8s.apimachinery.pkg.apis.meta.v1.Time",
  microtime: "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime",
};

const SCALARS: Readonly<Record<ScalarType, JsonObject>> = {
  string: { type: "string" },
  int32: { type: "integer", format: "int32" },
  int64: { type: "integer", format: "int64" },
  float64: { type: "number", format: "double" },
  bool: { type: "boolean" },
  bytes: { type: "string", format: "byte" },
  time: { type: "string", format: "date-time" },
  microtime: { type: "string", format: "date-time" },
  duration: { type: "string" },
  quantity: { oneOf: [{ type: "string" }, { type: "number" }] },
  intOrString: { format: "int-or-string", oneOf: [{ type: "integer" }, { type: "string" }] },
};

/** What Swagger 2.0, which has no alternatives, says of the same scalars. */
const SWAGGER_SCALARS: Partial<Readonly<Record<ScalarType, JsonObject>>> = {
  quantity: { type: "string" },
  intOrString: { type: "string", format: "int-or-string" },
};

/** Untyped values that have a definition of their own. */
const NAMED_UNTYPED: Readonly<Record<NonNullable<AnySchema["goType"]>, string>> = {
  "v1.FieldsV1": "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1",
  "runtime.RawExtension": "io.k8s.apimachinery.pkg.runtime.RawExtension",
};

/** Where Kubernetes describes its types. */
const REFERENCE = "https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.36";

/** Constraints that OpenAPI calls as the table does. */
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
] as const satisfies readonly (keyof Schema)[];

/** Writes the types of kinds as definitions; each type once, with what it refers to. */
export class SchemaWriter {
  readonly #definitions: MutableJsonObject = {};
  readonly #prefix: RefPrefix;

  constructor(prefix: RefPrefix) {
    this.#prefix = prefix;
  }

  /** All definitions written so far, by name. */
  get definitions(): JsonObject {
    return this.#definitions;
  }

  /** Writes a kind. */
  kind(info: KindInfo): void {
    const { group, version, kind, schema } = info;
    const id = definitionName(schema, info);
    this.#definitions[id] = {
      ...this.#object(schema),
      "x-kubernetes-group-version-kind": [{ group, kind, version }],
    };
  }

  #schema(schema: Schema): JsonObject {
    switch (schema.kind) {
      case "scalar":
        return this.#scalar(schema.type, schema);
      case "object":
        // Only the types of Go have names; the parts of a structural schema stand where they are used.
        return schema.name.includes("/")
          ? this.#reference(schema)
          : { ...this.#object(schema), ...constraintsOf(schema) };
      case "list":
        return {
          type: "array",
          items: this.#schema(schema.items),
          ...listExtensions(schema),
          ...constraintsOf(schema),
        };
      case "map":
        return { type: "object", additionalProperties: this.#schema(schema.values), ...constraintsOf(schema) };
      case "any":
        return this.#untyped(schema);
    }
  }

  #scalar(type: ScalarType, schema: Schema): JsonObject {
    const written = this.#prefix === "#/definitions/" ? (SWAGGER_SCALARS[type] ?? SCALARS[type]) : SCALARS[type];
    const name = NAMED_SCALARS[type];
    if (name === undefined) return { ...written, ...constraintsOf(schema) };
    this.#definitions[name] ??= written;
    return this.#refer(name);
  }

  #untyped(schema: AnySchema): JsonObject {
    const written = { type: "object", ...constraintsOf(schema) };
    const name = schema.goType && NAMED_UNTYPED[schema.goType];
    if (name === undefined) return written;
    this.#definitions[name] ??= written;
    return this.#refer(name);
  }

  #reference(schema: ObjectSchema): JsonObject {
    const name = definitionName(schema);
    if (this.#definitions[name] === undefined) {
      // Taken before its fields are written: types may contain themselves.
      this.#definitions[name] = {};
      this.#definitions[name] = this.#object(schema);
    }
    return this.#refer(name);
  }

  #refer(name: string): JsonObject {
    return { $ref: `${this.#prefix}${name}` };
  }

  #object(schema: ObjectSchema): JsonObject {
    const properties: MutableJsonObject = {};
    const required: string[] = [];
    const type = typeName(schema);
    for (const field of schema.fields.values()) {
      properties[field.name] = { ...this.#field(field), ...(type && { description: describeField(type.kind, field) }) };
      if (field.required) required.push(field.name);
    }
    return {
      type: "object",
      ...(type && { description: `${type.kind}: ${REFERENCE}/#${type.anchor}` }),
      ...(schema.fields.size > 0 && { properties }),
      ...(required.length > 0 && { required }),
      ...(schema.mapType === "atomic" && { "x-kubernetes-map-type": "atomic" }),
      ...(schema.preserveUnknown && { "x-kubernetes-preserve-unknown-fields": true }),
    };
  }

  #field({ schema, patchStrategy, patchMergeKey }: Field): JsonObject {
    const written = this.#schema(schema);
    // A reference may have no siblings in OpenAPI 3.0.
    const { $ref, ...rest } = written;
    const base = $ref === undefined || this.#prefix === "#/definitions/" ? written : { allOf: [{ $ref }], ...rest };
    return {
      ...base,
      ...(patchStrategy && { "x-kubernetes-patch-strategy": patchStrategy.join(",") }),
      ...(patchMergeKey !== undefined && { "x-kubernetes-patch-merge-key": patchMergeKey }),
    };
  }
}

/** `core/v1.Pod` → `Pod`, `pod-v1-core`; undefined for the parts of a structural schema. */
function typeName({ name }: ObjectSchema): { readonly kind: string; readonly anchor: string } | undefined {
  const [, group, version, kind] = /^([^/]+)\/([^.]+)\.(.+)$/.exec(name) ?? [];
  return group && version && kind ? { kind, anchor: `${kind}-${version}-${group}`.toLowerCase() } : undefined;
}

/** Kubernetes' own descriptions are a megabyte, which kubectl would load for every apply: these lead there. */
function describeField(kind: string, { default: value }: Field): string {
  const standard = value === undefined || typeof value === "object" ? "" : ` Defaults to ${String(value) || '""'}.`;
  return `See ${kind}.${standard}`;
}

function listExtensions({ listType, keys }: ListSchema): JsonObject {
  return {
    "x-kubernetes-list-type": listType,
    ...(keys.length > 0 && { "x-kubernetes-list-map-keys": [...keys] }),
  };
}

function constraintsOf(schema: Schema): JsonObject {
  const written: MutableJsonObject = {};
  for (const constraint of CONSTRAINTS) {
    const value = schema[constraint];
    if (value !== undefined) written[constraint] = value as JsonValue;
  }
  return written;
}

/** `core/v1.Pod` → `io.k8s.api.core.v1.Pod`; `Release` of sluice.dev/v1alpha1 → `dev.sluice.v1alpha1.Release`. */
function definitionName(schema: ObjectSchema, info?: KindInfo): string {
  const slash = schema.name.indexOf("/");
  if (slash >= 0) {
    const name = schema.name.slice(0, slash);
    return `${PACKAGES[name] ?? `io.k8s.api.${name}`}.${schema.name.slice(slash + 1)}`;
  }
  const domain = info?.group.split(".").toReversed().join(".") ?? "";
  return `${domain}.${info?.version}.${schema.name}`;
}
