import { arrayOf, isJsonObject, type JsonObject, type JsonValue } from "../../lib/json.ts";

/** The list with each of its objects changed; no list stays null. */
export function mapObjects(list: JsonValue | undefined, change: (item: JsonObject) => JsonObject): JsonValue {
  if (list === undefined || list === null) return null;
  return arrayOf(list).map((item) => (isJsonObject(item) ? change(item) : item));
}
