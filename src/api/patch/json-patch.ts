import { goJsonType } from "../../lib/go-format.ts";
import {
  isJsonObject,
  type JsonArray,
  type JsonObject,
  type JsonValue,
  jsonEqual,
  memberOf,
  type MutableJsonObject,
  setMember,
} from "../../lib/json.ts";
import { StatusError } from "../status-error.ts";

/**
 * JSON Patch (RFC 6902) as the API server applies it. It is more lenient than the RFC, and clients have come to rely on
 * that: replacing a member that does not exist adds it, copying one gives null, a negative index counts from the end.
 */
export interface JsonPatch {
  readonly operations: readonly JsonObject[];
  /** Members that no operation has, as field validation reports them. */
  readonly unknownFields: readonly string[];
}

/** More operations than this are refused: each may copy the whole document. */
const MAX_OPERATIONS = 10_000;
/** Characters of JSON that the copy operations of one patch may add up to; a few of them could double the document again and again. */
const MAX_COPIED = 3 * 1024 * 1024;
const MEMBERS: ReadonlySet<string> = new Set(["op", "path", "from", "value"]);

/** Reads the body of a patch request. Throws BadRequest when it has not the shape of a patch, 413 when it is too long. */
export function parseJsonPatch(body: JsonValue): JsonPatch {
  if (body === null) return { operations: [], unknownFields: [] };
  if (!Array.isArray(body)) throw undecodable(body, "value of type []handlers.jsonPatchOp");
  const items: JsonArray = body;
  const unknownFields: string[] = [];
  const operations = items.map((item, i) => {
    if (item === null) return {};
    if (!isJsonObject(item)) throw undecodable(item, "value of type handlers.jsonPatchOp");
    for (const name of ["op", "path", "from"]) {
      const value = item[name];
      if (value !== undefined && value !== null && typeof value !== "string")
        throw undecodable(value, `struct field jsonPatchOp.${name} of type string`);
    }
    for (const name of Object.keys(item))
      if (!MEMBERS.has(name)) unknownFields.push(`json patch unknown field "[${i}].${name}"`);
    return item;
  });
  if (operations.length > MAX_OPERATIONS)
    throw new StatusError(
      "RequestEntityTooLarge",
      `Request entity too large: The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${operations.length}`,
    );
  return { operations, unknownFields };
}

function undecodable(value: JsonValue, into: string): StatusError {
  return new StatusError(
    "BadRequest",
    `error decoding patch: json: cannot unmarshal ${goJsonType(value)} into Go ${into}`,
  );
}

/**
 * Applies the operations in order. The document is not changed: what is not touched is shared with the result. Throws
 * the one error that the API server gives whatever went wrong.
 */
export function applyJsonPatch(document: JsonObject, patch: JsonPatch): JsonValue {
  return new Patcher(document).run(patch.operations);
}

function rejected(): StatusError {
  return new StatusError("Invalid", "the server rejected our request due to an error in our request", {});
}

type Container = MutableJsonObject | JsonValue[];

interface Place {
  readonly container: Container;
  readonly key: string;
}

class Patcher {
  #root: JsonValue;
  /** Containers made by this patch, which may be changed; all others are shared and are copied first. */
  readonly #own = new WeakSet<object>();
  #copied = 0;

  constructor(document: JsonObject) {
    this.#root = document;
  }

  run(operations: readonly JsonObject[]): JsonValue {
    for (const operation of operations) this.#apply(operation);
    return this.#root;
  }

  #apply(operation: JsonObject): void {
    switch (operation["op"]) {
      case "add":
        return add(this.#place(operation["path"]), operation["value"] ?? null);
      case "remove":
        return remove(this.#place(operation["path"]));
      case "replace":
        return this.#replace(operation);
      case "move":
        return this.#move(operation);
      case "copy":
        return this.#copy(operation);
      case "test":
        return this.#test(operation);
      default:
        throw rejected();
    }
  }

  #replace({ path, value = null }: JsonObject): void {
    if (path === "") {
      if (typeof value !== "object" || value === null) throw rejected();
      this.#root = value;
      return;
    }
    const place = this.#place(path);
    get(place);
    set(place, value);
  }

  #move({ from, path }: JsonObject): void {
    const source = this.#place(from);
    const value = get(source);
    remove(source);
    add(this.#place(path), value ?? null);
  }

  #copy({ from, path }: JsonObject): void {
    const text = JSON.stringify(get(this.#place(from)) ?? null);
    this.#copied += text.length;
    if (this.#copied > MAX_COPIED) throw rejected();
    add(this.#place(path), JSON.parse(text) as JsonValue);
  }

  /** A member that is missing equals null. */
  #test({ path, value = null }: JsonObject): void {
    const found = path === "" ? this.#root : (get(this.#place(path)) ?? null);
    if (!jsonEqual(found, value)) throw rejected();
  }

  /** The container that the pointer's last token names something in, ready to be changed. */
  #place(pointer: JsonValue | undefined): Place {
    if (typeof pointer !== "string" || !pointer.includes("/")) throw rejected();
    // Kubernetes does not look at what comes before the first slash.
    const tokens = pointer.split("/").slice(1).map(unescapeToken);
    const key = tokens.pop() ?? "";
    let container = this.#owned(this.#root);
    this.#root = container;
    for (const token of tokens) {
      const child = this.#owned(get({ container, key: token }));
      set({ container, key: token }, child);
      container = child;
    }
    return { container, key };
  }

  #owned(value: JsonValue | undefined): Container {
    if (typeof value !== "object" || value === null) throw rejected();
    if (this.#own.has(value)) return value as Container;
    const copy: Container = Array.isArray(value) ? [...(value as JsonArray)] : { ...(value as JsonObject) };
    this.#own.add(copy);
    return copy;
  }
}

/** RFC 6901, section 4. */
function unescapeToken(token: string): string {
  return token.includes("~") ? token.replaceAll("~1", "/").replaceAll("~0", "~") : token;
}

function get({ container, key }: Place): JsonValue | undefined {
  return Array.isArray(container) ? container[indexIn(key, container.length - 1)] : memberOf(container, key);
}

function set({ container, key }: Place, value: JsonValue): void {
  if (Array.isArray(container)) container[indexIn(key, container.length - 1)] = value;
  else setMember(container, key, value);
}

function add({ container, key }: Place, value: JsonValue): void {
  if (!Array.isArray(container)) setMember(container, key, value);
  else if (key === "-") container.push(value);
  else container.splice(indexIn(key, container.length), 0, value);
}

function remove({ container, key }: Place): void {
  if (Array.isArray(container)) container.splice(indexIn(key, container.length - 1), 1);
  else if (Object.hasOwn(container, key)) delete container[key];
  else throw rejected();
}

/** The index that `key` names, at most `last`; negative ones count back from one past `last`. */
function indexIn(key: string, last: number): number {
  if (!/^[-+]?\d+$/.test(key)) throw rejected();
  const written = Number(key);
  const index = written < 0 ? written + last + 1 : written;
  if (index < 0 || index > last) throw rejected();
  return index;
}
