import type { Context } from "../context.ts";
import { throwAll } from "../error-text.ts";
import { imageStore } from "./store.ts";

/** Takes names of images away; an image without a name goes. */
export function rm(context: Context, names: readonly string[]): void {
  const store = imageStore(context);
  const errors: Error[] = [];
  for (const name of names) {
    try {
      store.remove(name);
      context.stdout.write(`Removed ${name}\n`);
    } catch (error) {
      errors.push(error as Error);
    }
  }
  throwAll(errors);
}
