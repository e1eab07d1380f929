import type { Resource } from "../resource.ts";
import type { ObjectSchema } from "./schema.ts";

/** Everything the API server knows about one resource. */
export interface ResourceInfo extends Resource {
  readonly singular: string;
  readonly listKind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly string[];
  readonly columns: readonly Column[];
  readonly subresources: readonly SubresourceInfo[];
  readonly schema: ObjectSchema;
  /** Kept in memory only: a worker's lease and ledger. */
  readonly ephemeral: boolean;
  /** From a structural schema (CRD-like): unknown fields pruned, PUT needs a resourceVersion, no strategic patch. */
  readonly custom: boolean;
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
}
