import type { KubeObject, Unstructured } from "../../api/object.ts";
import type { JsonObject } from "../../lib/json.ts";

/** The ways in which one object is looked at: typed, and as the plain JSON that it is. None of them copies. */

export function asJson(object: KubeObject): JsonObject {
  const plain: object = object;
  return plain as JsonObject;
}

export function asDocument(object: KubeObject): Unstructured {
  const plain: object = object;
  return plain as Unstructured;
}

/** Of a document that has been decoded as some kind, so that it has the three parts of every object. */
export function asObject(document: JsonObject): KubeObject {
  const decoded: object = document;
  return decoded as KubeObject;
}
