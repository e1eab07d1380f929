import type { KubeObject } from "../../api/object.ts";
import type { JsonObject } from "../../lib/json.ts";

/** The two ways in which one object is looked at: typed, and as the plain JSON that it is. Neither copies. */

export function asJson(object: KubeObject): JsonObject {
  const plain: object = object;
  return plain as JsonObject;
}

/** Of a document that has been decoded as some kind, so that it has the three parts of every object. */
export function asObject(document: JsonObject): KubeObject {
  const decoded: object = document;
  return decoded as KubeObject;
}
