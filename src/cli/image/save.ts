import type { Context } from "../context.ts";
import { imageStore } from "./store.ts";

/** Writes images to an archive that `docker load` and OCI tools read. */
export async function save(context: Context, names: readonly string[], output: string): Promise<void> {
  await imageStore(context).save(names, output);
  context.stdout.write(`Saved ${names.join(", ")} to ${output}\n`);
}
