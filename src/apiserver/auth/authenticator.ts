import { createHash, timingSafeEqual } from "node:crypto";
import { StatusError } from "../../api/status-error.ts";
import type { ServiceAccountTokens } from "./service-account-token.ts";
import { ANONYMOUS, AUTHENTICATED, SUPERUSERS, type User } from "./user.ts";

/** What a connection and a request bring to prove who asks. */
export interface Credentials {
  /** The user of a client certificate that our authority signed; "bad" when the certificate is another's. */
  readonly certificate?: User | "bad";
  readonly authorization?: string;
}

/** Tells who makes a request, from client certificates and bearer tokens. */
export class Authenticator {
  readonly #adminToken: Buffer;
  readonly #tokens: ServiceAccountTokens;

  constructor(adminToken: string, tokens: ServiceAccountTokens) {
    this.#adminToken = digest(adminToken);
    this.#tokens = tokens;
  }

  /** Throws Unauthorized when credentials are brought that prove nothing; none at all make the anonymous user. */
  authenticate({ certificate, authorization }: Credentials): User {
    if (certificate && certificate !== "bad") return authenticated(certificate);
    const token = bearerToken(authorization);
    if (token === undefined && !certificate) return ANONYMOUS;
    const user = token === undefined ? undefined : this.userOf(token);
    if (!user) throw new StatusError("Unauthorized", "Unauthorized");
    return user;
  }

  /** The user that a bearer token proves. */
  userOf(token: string, audiences?: readonly string[]): User | undefined {
    if (timingSafeEqual(digest(token), this.#adminToken))
      return authenticated({ username: "sluice-admin", groups: [SUPERUSERS] });
    const user = this.#tokens.verify(token, audiences);
    return user && authenticated(user);
  }
}

function authenticated(user: User): User {
  return user.groups.includes(AUTHENTICATED) ? user : { ...user, groups: [...user.groups, AUTHENTICATED] };
}

function bearerToken(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined;
  const [scheme = "", token] = authorization.trim().split(/ +/);
  return scheme.toLowerCase() === "bearer" && token ? token : undefined;
}

/** Of equal length whatever was sent, so that comparing tells nothing about the secret. */
function digest(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}
