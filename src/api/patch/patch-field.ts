import type { Schema } from "../table/schema.ts";
import { failure } from "./patch-error.ts";

/** How a strategic merge patch treats a field that holds an object or a list. */
export interface PatchField {
  /** Of the object itself, or of the list's elements. */
  readonly schema: Schema;
  /** Absent: objects are merged, lists are replaced. */
  readonly strategy?: "merge" | "replace";
  /** Members that the patch does not name are to go: the field is a union. */
  readonly retainKeys: boolean;
  /** The member that identifies an element of a merged list of objects; "" when the elements are scalars. */
  readonly mergeKey: string;
}

/** The field `name` of an object of the type. Throws when the type has no such field. */
export function patchFieldOf(type: Schema, name: string): PatchField {
  if (type.kind !== "object")
    throw failure(`merging an object in json but data type is not struct, instead is: ${goKind(type)}`);
  const field = type.fields.get(name);
  if (!field)
    throw failure(`unable to find api field in struct ${goName(type.name)} for the json field ${JSON.stringify(name)}`);
  const strategies = field.patchStrategy ?? [];
  const strategy = strategies.find((candidate) => candidate !== "retainKeys");
  return {
    schema: field.schema.kind === "list" ? field.schema.items : field.schema,
    ...(strategy && { strategy }),
    retainKeys: strategies.includes("retainKeys"),
    mergeKey: field.patchMergeKey ?? "",
  };
}

/** `core/v1.Container` → `Container` */
function goName(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

/** What Go calls the kind of the type. */
export function goKind(type: Schema): string {
  switch (type.kind) {
    case "object":
    case "any":
      return "struct";
    case "list":
      return "slice";
    case "map":
      return "map";
    case "scalar":
      return type.type;
  }
}
