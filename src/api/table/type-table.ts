import type { Resource } from "../resource.ts";
import type { ObjectSchema } from "./schema.ts";

/** A kind that can be the body of a request: of a resource, or of a subresource only (`Scale`, `Eviction`, `DeleteOptions`). */
export interface KindInfo {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly schema: ObjectSchema;
  /** From a structural schema (CRD-like): unknown fields pruned, PUT needs a resourceVersion, no strategic patch. */
  readonly custom: boolean;
}

/** Everything the API server knows about one resource. */
export interface ResourceInfo extends Resource, KindInfo {
  readonly singular: string;
  readonly listKind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly string[];
  readonly columns: readonly Column[];
  readonly subresources: readonly SubresourceInfo[];
  /** Kept in memory only: a worker's lease and ledger. */
  readonly ephemeral: boolean;
  /** The version as which objects of this kind are stored: of this resource itself, or of the one it is another view of. */
  readonly storage: Pick<Resource, "group" | "version">;
}

export interface SubresourceInfo {
  /** `status`, `scale`, `log`, `binding`, … */
  readonly name: string;
  readonly verbs: readonly string[];
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** A column of `kubectl get`; `jsonPath` for custom kinds, a cell of our own (api/print) for built-in ones. */
export interface Column {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  /** 0: always shown; above: only with `-o wide`. */
  readonly priority: number;
  readonly jsonPath?: string;
}

export interface GroupInfo {
  readonly name: string;
  /** In order of preference. */
  readonly versions: readonly string[];
}

export interface TypeTable {
  /** In the order of discovery. */
  readonly groups: readonly GroupInfo[];
  readonly resources: readonly ResourceInfo[];
  find(group: string, version: string, plural: string): ResourceInfo | undefined;
  findKind(apiVersion: string, kind: string): ResourceInfo | undefined;
  /** Any kind that the facts know, also those that no resource of their own has. */
  findType(apiVersion: string, kind: string): KindInfo | undefined;
}
