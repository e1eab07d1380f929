import { createHash } from "node:crypto";
import type { TypeTable } from "../../api/table/type-table.ts";
import { AGGREGATED_TYPE, groupDiscoveryList } from "../discovery/aggregated.ts";
import { apiGroup, apiGroupList, apiResourceList, coreVersions } from "../discovery/legacy.ts";
import type { VersionInfo } from "../discovery/version.ts";
import { methodNotAllowed, noSuchPath } from "../registry/failures.ts";
import { parseAccept } from "./accept.ts";
import type { Body, Exchange } from "./exchange.ts";
import type { Health } from "./health.ts";
import type { IssuerPaths } from "./issuer-paths.ts";
import type { OpenApiPaths } from "./openapi-paths.ts";
import { readableJson } from "./readable.ts";

export interface PlainPathsDeps {
  readonly types: TypeTable;
  readonly version: VersionInfo;
  readonly health: Health;
  readonly openApi: OpenApiPaths;
  readonly issuer: IssuerPaths;
  /** `127.0.0.1:6443`, known once the server listens. */
  readonly serverAddress: () => string;
}

interface Tagged extends Body {
  readonly etag: string;
}

/** Everything that is no resource: discovery, OpenAPI, health, version. */
export class PlainPaths {
  readonly #deps: PlainPathsDeps;
  /** The aggregated documents by path, made when first asked for: they never change. */
  readonly #aggregated = new Map<string, Tagged>();

  constructor(deps: PlainPathsDeps) {
    this.#deps = deps;
  }

  async serve(exchange: Exchange): Promise<void> {
    const segments = exchange.path.split("/").filter((segment) => segment !== "");
    const [first = "", ...rest] = segments;
    if (this.#deps.health.has(first)) return this.#deps.health.serve(exchange, first, rest);
    if (this.#deps.issuer.has(exchange.path)) return this.#deps.issuer.serve(exchange);
    if (first === "openapi") return this.#deps.openApi.serve(exchange, rest);
    if (first === "version" && rest.length === 0) return sendReadable(exchange, this.#deps.version);
    if (first === "api" || first === "apis") return this.#discover(exchange, first, rest);
    if (segments.length === 0) return sendReadable(exchange, this.#rootPaths());
    return notFoundText(exchange);
  }

  async #discover(exchange: Exchange, root: "api" | "apis", rest: readonly string[]): Promise<void> {
    const { types } = this.#deps;
    if (rest.length === 0) return this.#discoverAll(exchange, root);
    const [group = "", version] = root === "api" ? ["", rest[0]] : rest;
    if (version === undefined) {
      const found = apiGroup(types, group);
      return found ? getOnly(exchange, () => found) : notFoundText(exchange);
    }
    const found = apiResourceList(types, group, version);
    if (found) return getOnly(exchange, () => found);
    if (types.groups.some(({ name }) => name === group)) throw noSuchPath();
    return notFoundText(exchange);
  }

  async #discoverAll(exchange: Exchange, root: "api" | "apis"): Promise<void> {
    const { types, serverAddress } = this.#deps;
    if (!wantsAggregated(exchange.header("accept")))
      return getOnly(exchange, () => (root === "api" ? coreVersions(serverAddress()) : apiGroupList(types)));
    const document = this.#aggregatedOf(root);
    const headers = { vary: "Accept", etag: document.etag, "cache-control": "public" };
    if (exchange.header("if-none-match") === document.etag) return exchange.sendNothing(304, headers);
    return exchange.send(200, document, headers);
  }

  #aggregatedOf(root: "api" | "apis"): Tagged {
    let document = this.#aggregated.get(root);
    if (!document) {
      const bytes = Buffer.from(JSON.stringify(groupDiscoveryList(this.#deps.types, root === "api")));
      const hash = createHash("sha512").update(bytes).digest("hex").toUpperCase();
      document = { contentType: AGGREGATED_TYPE, bytes, etag: `"${hash}"` };
      this.#aggregated.set(root, document);
    }
    return document;
  }

  #rootPaths(): object {
    const groups = this.#deps.types.groups.filter(({ name }) => name !== "");
    const versions = groups.flatMap(({ name, versions: all }) => [
      `/apis/${name}`,
      ...all.map((v) => `/apis/${name}/${v}`),
    ]);
    const others = ["/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/openid/v1/jwks", "/readyz", "/version"];
    return { paths: ["/.well-known/openid-configuration", "/api", "/api/v1", "/apis", ...versions.sort(), ...others] };
  }
}

/** Whether the Accept header prefers the aggregated form, which names itself by its parameters. */
function wantsAggregated(accept: string | undefined): boolean {
  for (const { type, subtype, parameters } of parseAccept(accept)) {
    const kind = parameters.get("as");
    const json = (type === "application" || type === "*") && (subtype === "json" || subtype === "*");
    if (!json) continue;
    if (kind === undefined) return false;
    if (
      kind === "APIGroupDiscoveryList" &&
      parameters.get("g") === "apidiscovery.k8s.io" &&
      parameters.get("v") === "v2"
    )
      return true;
  }
  return false;
}

async function getOnly(exchange: Exchange, document: () => object): Promise<void> {
  if (exchange.method !== "GET") throw methodNotAllowed();
  await exchange.send(200, { contentType: "application/json", bytes: Buffer.from(`${JSON.stringify(document())}\n`) });
}

/** Of what is no object, Kubernetes sends a form for people to everybody. */
async function sendReadable(exchange: Exchange, document: object): Promise<void> {
  if (exchange.method !== "GET") throw methodNotAllowed();
  await exchange.send(200, { contentType: "application/json", bytes: readableJson(document), verbatim: true });
}

function notFoundText(exchange: Exchange): Promise<void> {
  return exchange.sendText(404, "404 page not found\n");
}
