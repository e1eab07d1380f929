import {
  type JsonArray,
  type JsonObject,
  type JsonValue,
  memberOf,
  type MutableJsonObject,
  setMember,
} from "../../lib/json.ts";
import type { ListSchema, Schema } from "../table/schema.ts";
import { fieldTypeOf, itemsOf, type ListItem, listItems, memberTypeOf, membersOf, type Untyped } from "./field-type.ts";

/**
 * Lays an applied configuration over the live object: what both have is the configuration's, nothing is taken away. Lists
 * of items that the configuration mentions get its order.
 */
export function mergeConfig(live: JsonValue, config: JsonValue, schema: Schema, untyped: Untyped): JsonValue {
  return merge(live, config, schema, untyped) ?? null;
}

function merge(
  live: JsonValue | undefined,
  config: JsonValue | undefined,
  schema: Schema,
  untyped: Untyped,
): JsonValue | undefined {
  if (config === undefined) return live;
  if (live === undefined) return config;
  const type = fieldTypeOf(schema, untyped, config ?? live);
  if (type.kind === "map") {
    const [left, right] = [membersOf(live), membersOf(config)];
    if (isEmpty(left) && isEmpty(right)) return config;
    return mergeMembers(left ?? {}, right ?? {}, type.schema, untyped);
  }
  if (type.kind === "list") {
    const [left, right] = [itemsOf(live) ?? [], itemsOf(config) ?? []];
    if (left.length === 0 && right.length === 0) return config;
    return mergeItems(left, right, type.schema, untyped);
  }
  return config;
}

const isEmpty = (object: JsonObject | undefined): boolean => object === undefined || Object.keys(object).length === 0;

function mergeMembers(live: JsonObject, config: JsonObject, schema: Schema, untyped: Untyped): JsonObject {
  const merged: MutableJsonObject = { ...live };
  for (const [name, value] of Object.entries(config)) {
    const type = memberTypeOf(schema, name);
    const member = type && merge(memberOf(live, name), value, type, untyped);
    if (member !== undefined) setMember(merged, name, member);
  }
  return merged;
}

function mergeItems(live: JsonArray, config: JsonArray, schema: ListSchema, untyped: Untyped): JsonArray {
  const lists = new ListMerge(listItems(schema, live), listItems(schema, config));
  return lists.merge((before, item) => merge(before, item, schema.items, untyped));
}

/**
 * Items of the configuration come in its order. An item that only the live object has comes ahead of the item of the
 * configuration that it preceded in the live object.
 */
class ListMerge {
  readonly #live: readonly ListItem[];
  readonly #config: readonly ListItem[];
  readonly #liveById: ReadonlyMap<string, JsonValue | undefined>;
  readonly #configIds: ReadonlySet<string>;
  /** Items of both sides, in the configuration's order; the first one left is what the live list is read up to. */
  readonly #shared: string[];
  readonly #taken = new Set<string>();
  #l = 0;
  #r = 0;

  constructor(live: readonly ListItem[], config: readonly ListItem[]) {
    this.#live = live;
    this.#config = config;
    this.#liveById = uniqueById(live);
    this.#configIds = new Set(config.map(({ element }) => element.id));
    this.#shared = config.map(({ element }) => element.id).filter((id) => this.#liveById.has(id));
  }

  merge(mergeItem: (live: JsonValue | undefined, config: JsonValue) => JsonValue | undefined): JsonValue[] {
    const merged: JsonValue[] = [];
    while (this.#l < this.#live.length || this.#r < this.#config.length) {
      if (this.#skipsLive()) continue;
      const live = this.#ownLive();
      if (live) {
        merged.push(live.value);
        continue;
      }
      const item = this.#takeConfig();
      // Several live items of one key are not merged: the configuration's takes their place.
      const value = item && mergeItem(this.#liveById.get(item.element.id), item.value);
      if (value !== undefined) merged.push(value);
    }
    return merged;
  }

  /** Passes over a live item that the configuration has further down. */
  #skipsLive(): boolean {
    const live = this.#live[this.#l]?.element.id;
    const config = this.#config[this.#r]?.element.id;
    if (live === undefined || config === undefined || live === config) return false;
    const [next] = this.#shared;
    if (!this.#configIds.has(live) || next === undefined || next === live) return false;
    this.#l++;
    return true;
  }

  /** The next live item, when only the live object has it. */
  #ownLive(): ListItem | undefined {
    const live = this.#live[this.#l];
    if (!live || this.#configIds.has(live.element.id)) return undefined;
    this.#l++;
    return live;
  }

  #takeConfig(): ListItem | undefined {
    const live = this.#live[this.#l]?.element.id;
    const config = this.#config[this.#r];
    if (live !== undefined && (live === config?.element.id || this.#taken.has(live))) this.#l++;
    if (!config) return undefined;
    const { id } = config.element;
    this.#taken.add(id);
    this.#r++;
    if (id === live || id === this.#shared[0]) this.#shared.shift();
    return config;
  }
}

/** Live items by id; undefined for an id that several have. */
function uniqueById(items: readonly ListItem[]): Map<string, JsonValue | undefined> {
  const found = new Map<string, JsonValue | undefined>();
  for (const { element, value } of items) found.set(element.id, found.has(element.id) ? undefined : value);
  return found;
}
