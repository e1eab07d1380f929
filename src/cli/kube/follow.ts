import type { KubeObject } from "../../api/object.ts";
import { isExpired } from "../../api/status-error.ts";
import type { ApiClient } from "../../client/api-client.ts";
import type { SelectedObject } from "./selected-objects.ts";

/**
 * Each state of one object as it comes, the present one first; undefined when it is not there (any more). Ends when the signal is
 * aborted. A watch that the server ends is begun anew.
 */
export async function* followObject(
  client: ApiClient,
  { resource, name, namespace }: SelectedObject,
  signal: AbortSignal,
): AsyncGenerator<KubeObject | undefined, void, void> {
  const options = { ...(namespace !== undefined && { namespace }), fieldSelector: `metadata.name=${name}` };
  while (!signal.aborted) {
    let seen = false;
    try {
      for await (const event of client.watch(resource, options, signal)) {
        if (event.type === "BOOKMARK") {
          if (event.initialEventsEnd && !seen) yield undefined;
        } else {
          seen = true;
          yield event.type === "DELETED" ? undefined : event.object;
        }
      }
    } catch (error) {
      if (!isExpired(error)) throw error;
    }
  }
}
