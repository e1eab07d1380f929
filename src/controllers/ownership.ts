import type { KubeObject, OwnerReference } from "../api/object.ts";
import type { Resource } from "../api/resource.ts";
import { isNotFound, StatusError } from "../api/status-error.ts";
import type { ApiClient } from "../client/api-client.ts";

/** Names one object for good. */
export interface ObjectRef {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/**
 * Makes `owner` the controller of an orphan. The owner is read anew before: one that is being deleted, or that another object of the
 * same name has replaced, must not adopt. Returns the version written; undefined when the orphan is gone.
 */
export async function adopt<Owner extends KubeObject>(
  client: ApiClient,
  owner: { readonly resource: Resource<Owner>; readonly object: Owner; readonly reference: OwnerReference },
  resource: Resource,
  { namespace, name, uid }: ObjectRef,
): Promise<string | undefined> {
  const { metadata } = owner.object;
  const live = await client.get(owner.resource, metadata.name, metadata.namespace);
  if (live.metadata.uid !== metadata.uid || live.metadata.deletionTimestamp !== undefined) return undefined;
  const body = { metadata: { uid, ownerReferences: [owner.reference] } };
  return patchOwners(client, resource, { namespace, name, uid }, body);
}

/** Takes the reference to the owner from an object. Returns the version written; undefined when the object is gone. */
export function release(
  client: ApiClient,
  ownerUid: string,
  resource: Resource,
  ref: ObjectRef,
): Promise<string | undefined> {
  const body = { metadata: { uid: ref.uid, ownerReferences: [{ $patch: "delete", uid: ownerUid }] } };
  return patchOwners(client, resource, ref, body);
}

/** The uid in the body makes the patch fail when another object has taken the name. */
async function patchOwners(
  client: ApiClient,
  resource: Resource,
  { namespace, name }: ObjectRef,
  body: object,
): Promise<string | undefined> {
  try {
    const written = await client.patch(resource, name, namespace, { type: "strategic", body });
    return written.metadata.resourceVersion;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** Nothing can be created any more in a namespace that is being deleted: whoever tries may rest. */
export function isNamespaceTerminating(error: unknown): boolean {
  return (
    error instanceof StatusError &&
    error.status.details?.causes?.some(({ reason }) => reason === "NamespaceTerminating") === true
  );
}
