import { createHash } from "node:crypto";
import { openApiGroupVersions, openApiV2, openApiV2Stub, openApiV3 } from "../../api/openapi/document.ts";
import type { TypeTable } from "../../api/table/type-table.ts";
import { methodNotAllowed } from "../registry/failures.ts";
import { parseAccept } from "./accept.ts";
import type { Exchange } from "./exchange.ts";

const V2_PROTOBUF = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
const JSON_TYPE = "application/json";

interface Document {
  readonly bytes: Buffer;
  /** SHA-512 of the bytes, upper case. */
  readonly hash: string;
}

/**
 * /openapi/v2 and /openapi/v3. Documents are made when first asked for and kept: they never change.
 * https://kubernetes.io/docs/concepts/overview/kubernetes-api/#openapi-interface-definition
 */
export class OpenApiPaths {
  readonly #types: TypeTable;
  readonly #version: string;
  readonly #documents = new Map<string, Document>();
  #index: Buffer | undefined;
  #v2: Document | undefined;

  constructor(types: TypeTable, version: string) {
    this.#types = types;
    this.#version = version;
  }

  async serve(exchange: Exchange, [version, ...rest]: readonly string[]): Promise<void> {
    if (exchange.method !== "GET") throw methodNotAllowed();
    if (version === "v2" && rest.length === 0) return this.#serveV2(exchange);
    if (version !== "v3") return exchange.sendText(404, "404 page not found\n");
    if (rest.length === 0)
      return exchange.send(200, { contentType: JSON_TYPE, bytes: this.#indexV3(), verbatim: true });
    const document = this.#documentV3(rest.join("/"));
    if (!document) return exchange.sendNothing(404, { "cache-control": "no-cache, private" });
    return sendDocument(exchange, document, "Accept");
  }

  #serveV2(exchange: Exchange): Promise<void> {
    if (wantsProtobuf(exchange.header("accept"))) {
      const bytes = Buffer.from(openApiV2Stub(this.#version));
      return exchange.send(200, { contentType: V2_PROTOBUF, bytes }, { vary: "Accept-Encoding, Accept" });
    }
    this.#v2 ??= documentOf(openApiV2(this.#types, this.#version));
    return sendDocument(exchange, this.#v2, "Accept-Encoding, Accept");
  }

  #indexV3(): Buffer {
    if (!this.#index) {
      const paths = openApiGroupVersions(this.#types).map((key) => {
        const hash = this.#documentV3(key)?.hash ?? "";
        return [key, { serverRelativeURL: `/openapi/v3/${key}?hash=${hash}` }] as const;
      });
      this.#index = Buffer.from(`${JSON.stringify({ paths: Object.fromEntries(paths) })}\n`);
    }
    return this.#index;
  }

  #documentV3(key: string): Document | undefined {
    let document = this.#documents.get(key);
    if (!document) {
      const made = openApiV3(this.#types, key, this.#version);
      if (!made) return undefined;
      document = documentOf(made);
      this.#documents.set(key, document);
    }
    return document;
  }
}

function documentOf(value: object): Document {
  const bytes = Buffer.from(`${JSON.stringify(value)}\n`);
  return { bytes, hash: createHash("sha512").update(bytes).digest("hex").toUpperCase() };
}

/** Whoever asks with the hash of the document may keep it for ever. */
function sendDocument(exchange: Exchange, { bytes, hash }: Document, vary: string): Promise<void> {
  const etag = `"${hash}"`;
  const fixed = exchange.query.get("hash") === hash;
  const headers = { vary, etag, "cache-control": fixed ? "public, immutable" : "no-cache, private" };
  if (exchange.header("if-none-match") === etag) return exchange.sendNothing(304, headers);
  return exchange.send(200, { contentType: JSON_TYPE, bytes, verbatim: true }, headers);
}

/** Older kubectl takes protobuf only, and names it in a way that is no media type. */
function wantsProtobuf(accept: string | undefined): boolean {
  const [first] = parseAccept(accept);
  return first !== undefined && first.subtype.startsWith("com.github.proto-openapi.spec.v2");
}
