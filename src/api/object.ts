import type { JsonObject } from "../lib/json.ts";
import type { ObjectMeta, StoredMeta } from "./generated/meta-v1.ts";

export type { ObjectMeta, OwnerReference, StoredMeta } from "./generated/meta-v1.ts";

/**
 * Any object of the API, as stored and as handed out. Objects are shared between all readers of a process and must never
 * be changed in place: build a new one.
 */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: StoredMeta;
}

/**
 * An object of any kind as plain JSON, stored or still on its way: what the API server's own parts (decoding, defaults,
 * patches, validation) work on.
 */
export interface Unstructured extends JsonObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: JsonObject;
}

/** An object to be created: name or generateName, no uid, no resourceVersion, no status needed. */
export type Draft<T extends KubeObject> = Omit<T, "metadata" | "status"> & {
  readonly metadata: ObjectMeta;
  readonly status?: unknown;
};

/** Names one object. `namespace` is absent for cluster-scoped ones. */
export interface ObjectKey {
  readonly namespace?: string;
  readonly name: string;
}

/** `ns/name`, or `name` for cluster-scoped objects: the key of caches and work queues. */
export function keyOf(object: { readonly metadata: ObjectMeta }): string {
  const { namespace, name = "" } = object.metadata;
  return namespace ? `${namespace}/${name}` : name;
}

/** The inverse of keyOf. */
export function parseKey(key: string): ObjectKey {
  const slash = key.indexOf("/");
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** The owner that manages this object, if any. At most one owner has `controller: true`. */
export function controllerOf(object: {
  readonly metadata: ObjectMeta;
}): { readonly uid: string; readonly kind: string; readonly name: string } | undefined {
  return object.metadata.ownerReferences?.find((owner) => owner.controller);
}
