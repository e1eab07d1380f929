import type { EndpointSlice } from "../../api/generated/discovery-v1.ts";
import { endpointslices } from "../../api/generated/resources.ts";
import { keyOf } from "../../api/object.ts";
import { isNotFound } from "../../api/status-error.ts";
import type { ApiClient } from "../../client/api-client.ts";
import type { Informer } from "../../client/informer.ts";
import { type EndpointSliceAction, MANAGED_BY_LABEL, SERVICE_NAME_LABEL } from "../../plan/endpoints/slice-packing.ts";
import { isNamespaceTerminating } from "../ownership.ts";

/** Key of the Service that the slice is of; nothing when another than this manager made it. */
export function serviceOf({ metadata: { namespace, labels } }: EndpointSlice, manager: string): readonly string[] {
  const name = labels?.[SERVICE_NAME_LABEL];
  return name && labels?.[MANAGED_BY_LABEL] === manager ? [`${namespace}/${name}`] : [];
}

/** Resolves once the informer has seen the change. */
export async function applySlice(
  client: ApiClient,
  slices: Informer<EndpointSlice>,
  action: EndpointSliceAction,
): Promise<void> {
  if (action.kind === "deleteSlice") {
    const { name, namespace, uid } = action.slice.metadata;
    try {
      await client.delete(endpointslices, name, namespace, { preconditions: { uid } });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    await slices.until(keyOf(action.slice), (slice) => slice?.metadata.uid !== uid);
    return;
  }
  try {
    const written =
      action.kind === "createSlice"
        ? await client.create(endpointslices, action.object)
        : await client.update(endpointslices, action.object);
    await slices.reached(written.metadata.resourceVersion);
  } catch (error) {
    if (!isNamespaceTerminating(error)) throw error;
  }
}
