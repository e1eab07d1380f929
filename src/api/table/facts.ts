import type { JsonObject, JsonValue } from "../../lib/json.ts";
import defaults from "../facts/defaults.json" with { type: "json" };
import gateway from "../facts/gateway-types.json" with { type: "json" };
import surface from "../facts/kube-resources.json" with { type: "json" };
import kube from "../facts/kube-types.json" with { type: "json" };
import sluice from "../facts/sluice-types.json" with { type: "json" };

/** A field of a Go type, as the struct tags and the markers of its declaration tell it. */
export interface FieldFact {
  readonly name: string;
  /** A scalar's name or a type's, behind `[]` and `map[string]` prefixes. */
  readonly type: string;
  /** The Go type as errors name it, where `type` does not tell (`v1.PullPolicy`). */
  readonly goType?: string;
  /** `number:wire`. The wire type is the struct tag's, which is wrong for some scalars: the Go type decides. */
  readonly pb?: string;
  readonly inline?: boolean;
  readonly required?: boolean;
  readonly pointer?: boolean;
  readonly omitempty?: boolean;
  readonly omitzero?: boolean;
  readonly default?: JsonValue;
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly patchStrategy?: string;
  readonly patchMergeKey?: string;
  readonly listType?: string;
  readonly listMapKeys?: readonly string[];
  readonly mapType?: string;
}

export interface TypeFact {
  readonly fields: readonly FieldFact[];
  readonly mapType?: string;
}

interface KubeFacts {
  /** `apps/v1 Deployment` → `apps/v1.Deployment`. */
  readonly kinds: Readonly<Record<string, string>>;
  readonly types: Readonly<Record<string, TypeFact>>;
}

/** A resource or subresource (`deployments/scale`) of kube-apiserver. */
export interface ResourceFact {
  readonly groupVersion: string;
  readonly name: string;
  readonly kind: string;
  readonly singular: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  /** Of a subresource whose kind is of another group. */
  readonly group?: string;
  readonly version?: string;
  /** Name, type, format, priority. */
  readonly columns?: readonly (readonly (string | number)[])[];
}

interface SurfaceFacts {
  readonly groups: readonly (readonly (string | readonly string[])[])[];
  readonly resources: readonly ResourceFact[];
}

/** A node of a structural schema (OpenAPI v3 as CustomResourceDefinitions use it). */
export interface StructuralFact {
  readonly type?: string;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, StructuralFact>>;
  readonly required?: readonly string[];
  readonly items?: StructuralFact;
  readonly additionalProperties?: StructuralFact | boolean;
  readonly default?: JsonValue;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
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
  readonly oneOf?: readonly StructuralFact[];
  readonly anyOf?: readonly StructuralFact[];
  readonly not?: StructuralFact;
  readonly "x-kubernetes-preserve-unknown-fields"?: boolean;
  readonly "x-kubernetes-int-or-string"?: boolean;
  readonly "x-kubernetes-list-type"?: string;
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
  readonly "x-kubernetes-map-type"?: string;
}

export interface CustomVersionFact {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly columns: readonly {
    readonly name: string;
    readonly type: string;
    readonly jsonPath: string;
    readonly format?: string;
    readonly priority?: number;
  }[];
  readonly subresources: { readonly status?: unknown; readonly scale?: unknown };
  readonly schema: StructuralFact;
}

export interface CustomFact {
  readonly names: {
    readonly kind: string;
    readonly listKind: string;
    readonly plural: string;
    readonly singular: string;
    readonly shortNames?: readonly string[];
    readonly categories?: readonly string[];
  };
  readonly scope: string;
  readonly ephemeral?: boolean;
  readonly versions: readonly CustomVersionFact[];
}

type CustomFacts = Readonly<Record<string, CustomFact | string>>;

/** Constant defaults of Kubernetes 1.36: type → field → value. */
export const defaultFacts: Readonly<Record<string, JsonObject>> = defaults.types;
/** The Go types of Kubernetes 1.36. */
export const kubeFacts: KubeFacts = kube;
/** The API surface of kube-apiserver 1.36. */
export const surfaceFacts: SurfaceFacts = surface;
/** Kinds that are defined by structural schemas, by group; `plural.group` → its definition. */
export const customFacts: readonly CustomFacts[] = [gateway, sluice];
