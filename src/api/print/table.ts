import type { JsonValue } from "../../lib/json.ts";
import type { KubeObject } from "../object.ts";
import type { Column } from "../table/type-table.ts";
import type { Pod } from "../generated/core-v1.ts";
import { podConditions, type TableRowCondition } from "./pod-cells.ts";
import { type PrintedKind, printerOf } from "./printers.ts";

/**
 * `meta.k8s.io` Tables: what `kubectl get` asks for and prints.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables
 */
export interface Table {
  readonly kind: "Table";
  readonly apiVersion: string;
  readonly metadata: TableMetadata;
  /** Null in all but the first event of a watch. */
  readonly columnDefinitions: readonly ColumnDefinition[] | null;
  readonly rows: readonly TableRow[];
}

/** Of the list, or of the one object. */
export interface TableMetadata {
  readonly resourceVersion?: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

export interface ColumnDefinition {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly description: string;
  readonly priority: number;
}

export interface TableRow {
  readonly cells: readonly JsonValue[];
  readonly conditions?: readonly TableRowCondition[];
  readonly object: KubeObject | PartialObject | null;
}

interface PartialObject {
  readonly kind: "PartialObjectMetadata";
  readonly apiVersion: string;
  readonly metadata: KubeObject["metadata"];
}

/** What comes with each row: the object's metadata, the object as a whole, or nothing. */
export type IncludeObject = "Metadata" | "Object" | "None";

export interface TableOptions {
  /** Milliseconds since the epoch; ages are counted to it. */
  readonly now: number;
  readonly includeObject: IncludeObject;
  /** The version of the Table that was asked for. */
  readonly version?: "v1" | "v1beta1";
  readonly metadata?: TableMetadata;
  /** Leave out the columns, as in all but the first event of a watch. */
  readonly withoutColumns?: boolean;
}

/** A Table of these objects of the resource. */
export function tableOf(info: PrintedKind, objects: readonly KubeObject[], options: TableOptions): Table {
  const { now, includeObject, version = "v1", metadata = {}, withoutColumns = false } = options;
  const apiVersion = `meta.k8s.io/${version}`;
  const print = printerOf(info);
  const isPod = info.group === "" && info.kind === "Pod";
  return {
    kind: "Table",
    apiVersion,
    metadata,
    columnDefinitions: withoutColumns ? null : columnsOf(info),
    rows: objects.map((object) => {
      const conditions = isPod ? podConditions(object as Pod) : undefined;
      const cells = print(object, now);
      const part = partOf(object, includeObject, apiVersion);
      return conditions ? { cells, conditions, object: part } : { cells, object: part };
    }),
  };
}

function partOf(object: KubeObject, include: IncludeObject, apiVersion: string): TableRow["object"] {
  switch (include) {
    case "None":
      return null;
    case "Object":
      return object;
    case "Metadata":
      return { kind: "PartialObjectMetadata", apiVersion, metadata: object.metadata };
  }
}

function columnsOf(info: PrintedKind): ColumnDefinition[] {
  return info.columns.map((column) => ({
    name: column.name,
    type: column.type,
    format: column.format,
    description: describe(column),
    priority: column.priority,
  }));
}

const DESCRIPTIONS: Readonly<Record<string, string>> = {
  Name: "The name of the object, unique among those of its kind in its namespace.",
  Age: "How long ago the object was created.",
  "Created At": "When the object was created.",
  Containers: "The names of the containers of the pod template.",
  Images: "The images of the containers of the pod template.",
  Selector: "The labels of the objects that this one selects.",
  Status: "The state that the object is in.",
  Ready: "How many of the wanted parts are ready.",
};

function describe({ name, jsonPath, format }: Column): string {
  const known = DESCRIPTIONS[name];
  if (known !== undefined && (jsonPath === undefined || format === "name")) return known;
  return jsonPath === undefined ? "" : `Custom resource definition column (in JSONPath format): ${jsonPath}`;
}
