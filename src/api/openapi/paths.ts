import type { JsonObject, MutableJsonObject } from "../../lib/json.ts";
import type { ResourceInfo } from "../table/type-table.ts";

/** The operations that clients look for: which kind a path is about, and whether its writes take `fieldValidation`. */

interface Operation {
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  readonly verb: string;
  readonly action: string;
}

const COLLECTION: readonly Operation[] = [
  { method: "get", verb: "list", action: "list" },
  { method: "post", verb: "create", action: "post" },
  { method: "delete", verb: "deletecollection", action: "deletecollection" },
];

const ITEM: readonly Operation[] = [
  { method: "get", verb: "get", action: "get" },
  { method: "put", verb: "update", action: "put" },
  { method: "patch", verb: "patch", action: "patch" },
  { method: "delete", verb: "delete", action: "delete" },
];

const WRITES: ReadonlySet<string> = new Set(["post", "put", "patch"]);

const FIELD_VALIDATION: JsonObject = {
  name: "fieldValidation",
  in: "query",
  schema: { type: "string", uniqueItems: true },
};

const pathParameter = (name: string): JsonObject => ({
  name,
  in: "path",
  required: true,
  schema: { type: "string", uniqueItems: true },
});

/** `/api/v1`, `/apis/apps/v1` */
export function groupVersionPath(group: string, version: string): string {
  return group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
}

/** The paths of a resource and of those of its subresources that hold a part of it. */
export function pathsOf(info: ResourceInfo): JsonObject {
  const base = groupVersionPath(info.group, info.version);
  const collection = info.namespaced ? `${base}/namespaces/{namespace}/${info.plural}` : `${base}/${info.plural}`;
  const paths: MutableJsonObject = {};
  put(paths, collection, operations(COLLECTION, info.verbs, info, info.namespaced ? ["namespace"] : []));
  const parameters = info.namespaced ? ["name", "namespace"] : ["name"];
  put(paths, `${collection}/{name}`, operations(ITEM, info.verbs, info, parameters));
  for (const part of info.subresources) {
    const path = `${collection}/{name}/${part.name}`;
    if (part.name === "status" || part.name === "scale")
      put(paths, path, operations(ITEM, part.verbs, part, parameters));
  }
  return paths;
}

function put(paths: MutableJsonObject, path: string, item: JsonObject | undefined): void {
  if (item) paths[path] = item;
}

function operations(
  candidates: readonly Operation[],
  verbs: readonly string[],
  { group, version, kind }: { readonly group: string; readonly version: string; readonly kind: string },
  parameters: readonly string[],
): JsonObject | undefined {
  const item: MutableJsonObject = {};
  for (const { method, verb, action } of candidates) {
    if (!verbs.includes(verb)) continue;
    item[method] = {
      ...(WRITES.has(method) && { parameters: [FIELD_VALIDATION] }),
      responses: { "200": { description: "OK" } },
      "x-kubernetes-action": action,
      "x-kubernetes-group-version-kind": { group, kind, version },
    };
  }
  if (Object.keys(item).length === 0) return undefined;
  return parameters.length === 0 ? item : { ...item, parameters: parameters.map(pathParameter) };
}
