import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type JsonWebKey,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import type { Clock } from "../../lib/clock.ts";
import type { Random } from "../../lib/random.ts";
import { CREDENTIAL_ID, serviceAccountGroups, serviceAccountName, type User } from "./user.ts";

/** Who issues the tokens, and for whom when nothing else is asked for. */
export const ISSUER = "https://kubernetes.default.svc";

/** ECDSA on P-256 with SHA-256 (RFC 7518 section 3.4). */
export const ALGORITHM = "ES256";

export interface TokenRequest {
  readonly namespace: string;
  readonly serviceAccount: Named;
  /** The token dies with this object. */
  readonly boundTo?: Named & { readonly kind: "Pod" | "Secret" };
  /** Where the pod runs that the token is bound to. */
  readonly node?: Named;
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
}

export interface Named {
  readonly name: string;
  readonly uid: string;
}

export interface IssuedToken {
  readonly token: string;
  /** Milliseconds since the epoch. */
  readonly expires: number;
}

/** Tells the uid of an object that a token is bound to, undefined when it is gone. */
export type UidLookup = (
  kind: "ServiceAccount" | "Pod" | "Secret",
  namespace: string,
  name: string,
) => string | undefined;

interface Claims {
  readonly aud: readonly string[];
  readonly exp: number;
  readonly iat: number;
  readonly iss: string;
  readonly jti: string;
  readonly nbf: number;
  readonly sub: string;
  readonly "kubernetes.io": {
    readonly namespace: string;
    readonly node?: Named;
    readonly serviceaccount: Named;
    readonly pod?: Named;
    readonly secret?: Named;
  };
}

/**
 * Tokens of service accounts: JSON web tokens (RFC 7519) signed with ES256, valid for as long as they say and as the
 * objects exist that they are bound to.
 * https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#bound-service-account-tokens
 */
export class ServiceAccountTokens {
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;
  /** Digest of the public key, as Kubernetes names keys. */
  readonly #keyId: string;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #uidOf: UidLookup;

  constructor(deps: {
    /** P-256, PEM. */
    readonly key: string;
    readonly clock: Clock;
    readonly random: Random;
    readonly uidOf: UidLookup;
  }) {
    this.#privateKey = createPrivateKey(deps.key);
    this.#publicKey = createPublicKey(this.#privateKey);
    this.#keyId = createHash("sha256")
      .update(this.#publicKey.export({ type: "spki", format: "der" }))
      .digest("base64url");
    this.#clock = deps.clock;
    this.#random = deps.random;
    this.#uidOf = deps.uidOf;
  }

  /** The public key as a JSON web key (RFC 7517), by which others may verify the tokens. */
  get publicKey(): JsonWebKey {
    return { use: "sig", ...this.#publicKey.export({ format: "jwk" }), kid: this.#keyId, alg: ALGORITHM };
  }

  issue(request: TokenRequest): IssuedToken {
    const { namespace, serviceAccount, boundTo, node } = request;
    const now = Math.floor(this.#clock.now() / 1000);
    const claims: Claims = {
      aud: request.audiences,
      exp: now + request.expirationSeconds,
      iat: now,
      iss: ISSUER,
      jti: this.#random.uuid(),
      "kubernetes.io": {
        namespace,
        ...(node && { node }),
        serviceaccount: serviceAccount,
        ...(boundTo && { [boundTo.kind.toLowerCase()]: { name: boundTo.name, uid: boundTo.uid } }),
      },
      nbf: now,
      sub: serviceAccountName(namespace, serviceAccount.name),
    };
    const content = `${encode({ alg: ALGORITHM, kid: this.#keyId, typ: "JWT" })}.${encode(claims)}`;
    const signature = sign("sha256", Buffer.from(content), { key: this.#privateKey, dsaEncoding: "ieee-p1363" });
    return { token: `${content}.${signature.toString("base64url")}`, expires: claims.exp * 1000 };
  }

  /** The user that a token proves, undefined when it proves nothing to any of `audiences`. */
  verify(token: string, audiences: readonly string[] = [ISSUER]): User | undefined {
    const claims = this.#claimsOf(token);
    if (!claims || !this.#isCurrent(claims) || !claims.aud.some((audience) => audiences.includes(audience)))
      return undefined;
    const { namespace, node, serviceaccount, pod } = claims["kubernetes.io"];
    return {
      username: serviceAccountName(namespace, serviceaccount.name),
      uid: serviceaccount.uid,
      groups: serviceAccountGroups(namespace),
      extra: {
        [CREDENTIAL_ID]: [`JTI=${claims.jti}`],
        ...(node && {
          "authentication.kubernetes.io/node-name": [node.name],
          "authentication.kubernetes.io/node-uid": [node.uid],
        }),
        ...(pod && {
          "authentication.kubernetes.io/pod-name": [pod.name],
          "authentication.kubernetes.io/pod-uid": [pod.uid],
        }),
      },
    };
  }

  #claimsOf(token: string): Claims | undefined {
    const [header, payload, signature, ...more] = token.split(".");
    if (!header || !payload || !signature || more.length > 0) return undefined;
    const key = { key: this.#publicKey, dsaEncoding: "ieee-p1363" } as const;
    const good = verify("sha256", Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, "base64url"));
    // Only tokens of our own making have a good signature, so the claims have our own shape.
    return good ? (JSON.parse(Buffer.from(payload, "base64url").toString()) as Claims) : undefined;
  }

  #isCurrent(claims: Claims): boolean {
    const now = this.#clock.now() / 1000;
    if (claims.iss !== ISSUER || now >= claims.exp || now < claims.nbf) return false;
    const { namespace, serviceaccount, pod, secret } = claims["kubernetes.io"];
    const exists = (kind: "ServiceAccount" | "Pod" | "Secret", object: Named | undefined): boolean =>
      object === undefined || this.#uidOf(kind, namespace, object.name) === object.uid;
    return exists("ServiceAccount", serviceaccount) && exists("Pod", pod) && exists("Secret", secret);
  }
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
