import { prepareHome } from "../../engine/home.ts";
import { ImageStore } from "../../node/images/image-store.ts";
import type { Context } from "../context.ts";

/** The images of the home, whether or not its engine runs. */
export function imageStore(context: Context): ImageStore {
  const home = context.home();
  prepareHome(home);
  return new ImageStore(home.images);
}

/** What people compare images by: the first twelve digits of the id. */
export const shortId = (id: string): string => id.replace("sha256:", "").slice(0, 12);
