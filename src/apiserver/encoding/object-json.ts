import type { KubeObject } from "../../api/object.ts";

/**
 * The JSON of objects. Each version of an object is encoded once, however many lists and watches it goes into; the bytes
 * live as long as the object does.
 */
export class ObjectJson {
  readonly #encoded = new WeakMap<KubeObject, Buffer>();

  /** The whole document, kind and apiVersion first. Shared: never write into it. */
  document(object: KubeObject): Buffer {
    return this.line(object).subarray(0, -1);
  }

  /** The document with the line break behind it with which Kubernetes ends its answers. */
  line(object: KubeObject): Buffer {
    let bytes = this.#encoded.get(object);
    if (!bytes) {
      const { kind: _kind, apiVersion: _apiVersion, ...rest } = object;
      bytes = ownBuffer(`${typePrefix(object)}${JSON.stringify(rest).slice(1)}\n`);
      this.#encoded.set(object, bytes);
    }
    return bytes;
  }

  /** The document as an item of a list, which says the kind for all of its items, less its opening brace. */
  untypedTail(object: KubeObject): Buffer {
    return this.document(object).subarray(Buffer.byteLength(typePrefix(object)));
  }
}

/**
 * In memory of its own. `Buffer.from` would cut it from a slab of 64 KB (Buffer.poolSize) that all its neighbours share and the
 * last of them keeps alive: the 2,000 newest events, a few KB each, held 86 MB.
 */
function ownBuffer(text: string): Buffer {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  bytes.write(text);
  return bytes;
}

function typePrefix({ kind, apiVersion }: KubeObject): string {
  return `{"kind":${JSON.stringify(kind)},"apiVersion":${JSON.stringify(apiVersion)},`;
}
