import { ALGORITHM, ISSUER, type ServiceAccountTokens } from "../auth/service-account-token.ts";
import { methodNotAllowed } from "../registry/failures.ts";
import type { Exchange } from "./exchange.ts";

const CACHED = { "cache-control": "public, max-age=3600" };

/**
 * What somebody outside needs to verify tokens of service accounts.
 * https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#service-account-issuer-discovery
 */
export class IssuerPaths {
  readonly #tokens: ServiceAccountTokens;
  readonly #serverAddress: () => string;

  /** `serverAddress`: `127.0.0.1:6443`, known once the server listens. */
  constructor(tokens: ServiceAccountTokens, serverAddress: () => string) {
    this.#tokens = tokens;
    this.#serverAddress = serverAddress;
  }

  /** Whether a path is served here: `/.well-known/openid-configuration`, `/openid/v1/jwks`. */
  has(path: string): boolean {
    return Object.hasOwn(DOCUMENTS, path);
  }

  async serve(exchange: Exchange): Promise<void> {
    const document = DOCUMENTS[exchange.path];
    if (exchange.method !== "GET" || !document) throw methodNotAllowed();
    const { contentType, of } = document;
    const bytes = Buffer.from(JSON.stringify(of(this.#tokens, this.#serverAddress())));
    await exchange.send(200, { contentType, bytes, verbatim: true }, CACHED);
  }
}

interface Document {
  readonly contentType: string;
  readonly of: (tokens: ServiceAccountTokens, address: string) => object;
}

const DOCUMENTS: Readonly<Record<string, Document>> = {
  "/.well-known/openid-configuration": {
    contentType: "application/json",
    of: (_tokens, address) => ({
      issuer: ISSUER,
      jwks_uri: `https://${address}/openid/v1/jwks`,
      response_types_supported: ["id_token"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: [ALGORITHM],
    }),
  },
  "/openid/v1/jwks": {
    contentType: "application/jwk-set+json",
    of: (tokens) => ({ keys: [tokens.publicKey] }),
  },
};
