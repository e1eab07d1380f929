import { FIELD_NAMES, HOP_BY_HOP } from "../http1/fields.ts";
import type { Filter, HeaderFilter } from "../../plan/routing/snapshot.ts";

/** What header filters do, taken together: drop the lines with these lower-case names, then add these lines. */
export interface HeaderEdits {
  readonly drop: ReadonlySet<string>;
  readonly lines: string;
}

/** Fields that frame the message or steer the connection: no filter may touch them. */
const UNTOUCHABLE: ReadonlySet<string> = new Set([
  ...FIELD_NAMES.filter((_, id) => HOP_BY_HOP[id] === 1),
  "content-length",
  "expect",
  "trailer",
]);

/** The header filters of one type, in order, as one edit; undefined when there is none. */
export function headerEdits(filters: readonly Filter[], type: HeaderFilter["type"]): HeaderEdits | undefined {
  const drop = new Set<string>();
  let added: { readonly name: string; readonly value: string }[] = [];
  for (const filter of filters) {
    if (filter.type !== type) continue;
    for (const name of [...filter.remove, ...filter.set.map((line) => line.name.toLowerCase())]) {
      if (UNTOUCHABLE.has(name)) continue;
      drop.add(name);
      added = added.filter((line) => line.name.toLowerCase() !== name);
    }
    added.push(...[...filter.set, ...filter.add].filter((line) => !UNTOUCHABLE.has(line.name.toLowerCase())));
  }
  if (drop.size === 0 && added.length === 0) return undefined;
  return { drop, lines: added.map(({ name, value }) => `${name}: ${value}\r\n`).join("") };
}
