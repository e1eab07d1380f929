import type { Cluster } from "./cluster.ts";
import { followObject } from "./follow.ts";
import type { SelectedObject } from "./selected-objects.ts";

/** Resolves when the object with this uid is gone; one of the same name that came after it does not count. */
export async function untilGone(
  cluster: Cluster,
  one: SelectedObject,
  uid: string,
  signal: AbortSignal,
): Promise<void> {
  for await (const object of followObject(cluster.client, one, signal)) if (object?.metadata.uid !== uid) return;
}
