import { isJsonObject, type JsonObject, type JsonValue } from "../../lib/json.ts";
import { formatGo } from "../../lib/go-format.ts";
import { StatusError } from "../status-error.ts";

/**
 * What can be wrong with a strategic merge patch, in the words of Kubernetes. Only some mistakes count as the client's
 * there: the others are failures of the server (500 without a reason), and so they are here.
 */

export const badPrimitiveList = (): StatusError => badRequest("invalid patch format of primitive list");
export const badRetainKeys = (): StatusError => badRequest("invalid patch format of retainKeys");
export const badElementOrder = (): StatusError => badRequest("invalid patch format of setElementOrder list");

/** Lists whose elements are lists. */
export function listOfLists(): StatusError {
  return new StatusError("Invalid", "the server rejected our request due to an error in our request", {});
}

export function noMergeKey(element: JsonObject, mergeKey: string): StatusError {
  return failure(`map: ${formatGo(element)} does not contain declared merge key: ${mergeKey}`);
}

export function unexpectedType(expected: "list" | "map", actual: JsonValue | undefined): StatusError {
  return failure(`expected a ${GO_TYPES[expected]}, but received a ${goType(actual)}`);
}

export function unknownDirective(directive: JsonValue | undefined, map: JsonObject): StatusError {
  return failure(`unknown patch type: ${formatGo(directive)} in map: ${formatGo(map)}`);
}

/** Any other mistake. */
export function failure(message: string): StatusError {
  return new StatusError("", message);
}

function badRequest(message: string): StatusError {
  return new StatusError("BadRequest", message);
}

const GO_TYPES = { list: "[]interface {}", map: "map[string]interface {}" } as const;

function goType(value: JsonValue | undefined): string {
  if (value === null || value === undefined) return "%!s(<nil>)";
  if (Array.isArray(value)) return GO_TYPES.list;
  if (isJsonObject(value)) return GO_TYPES.map;
  if (typeof value === "number") return Number.isInteger(value) ? "int64" : "float64";
  return typeof value === "boolean" ? "bool" : "string";
}
