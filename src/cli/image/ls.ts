import { familiarImageName } from "../../lib/image-reference.ts";
import type { Context } from "../context.ts";
import { ColumnWriter } from "../kube/server-table.ts";
import { imageStore, shortId } from "./store.ts";

/** Lists the images, one line a name. */
export function ls(context: Context, options: { readonly output?: "json" }): void {
  const images = imageStore(context).list();
  if (options.output === "json") {
    const shown = images.map(({ id, names, size }) => ({ id, names: names.map(familiarImageName), size }));
    context.stdout.write(`${JSON.stringify(shown, null, 2)}\n`);
    return;
  }
  const rows = images.flatMap(({ id, names, size }) =>
    (names.length > 0 ? names.map(familiarImageName) : ["<none>"]).map((name) => [name, shortId(id), sizeText(size)]),
  );
  context.stdout.write(new ColumnWriter().write([["NAME", "IMAGE ID", "SIZE"], ...rows]));
}

const UNITS = ["B", "kB", "MB", "GB"];

/** In powers of ten, three digits, as `docker images` does: `12.3kB`. */
export function sizeText(bytes: number): string {
  let size = bytes;
  let unit = 0;
  for (; size >= 1000 && unit < UNITS.length - 1; unit++) size /= 1000;
  return `${Number(size.toPrecision(3))}${UNITS[unit]}`;
}
