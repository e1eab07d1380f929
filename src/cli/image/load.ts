import { familiarImageName } from "../../lib/image-reference.ts";
import type { Context } from "../context.ts";
import { imageStore, shortId } from "./store.ts";

/** Takes in the images of an archive, as `docker save` and OCI tools write them. */
export async function load(context: Context, path: string): Promise<void> {
  for (const { id, names } of await imageStore(context).load(path)) {
    const known = names.length > 0 ? names.map(familiarImageName).join(", ") : "an image without a name";
    context.stdout.write(`Loaded ${known} (${shortId(id)})\n`);
  }
}
