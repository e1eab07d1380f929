import type { Pod, ServiceAccountTokenProjection } from "../../api/generated/core-v1.ts";
import { serviceaccounts } from "../../api/generated/resources.ts";
import type { ApiClient } from "../../client/api-client.ts";
import type { Clock } from "../../lib/clock.ts";
import { parseTimestamp } from "../../lib/timestamp.ts";

interface KnownToken {
  readonly token: string;
  readonly renewAt: number;
}

interface TokenResponse {
  readonly status?: { readonly token?: string; readonly expirationTimestamp?: string };
}

const DEFAULT_SECONDS = 3600;
const DAY = 86_400_000;

/**
 * Tokens that pods hold of their service accounts, asked for by TokenRequest and bound to the pod. A new one is asked
 * for when four fifths of its life, or a day, are over.
 * https://kubernetes.io/docs/concepts/storage/projected-volumes/#serviceaccounttoken
 */
export class ServiceAccountTokens {
  readonly #client: ApiClient;
  readonly #clock: Clock;
  readonly #known = new Map<string, Map<string, KnownToken>>();

  constructor(client: ApiClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /**
   * Sees to it that `get` has a good token for the projection; returns when the next one is due (ms since the epoch).
   */
  async refresh(pod: Pod, projection: ServiceAccountTokenProjection): Promise<number> {
    const tokens = this.#known.get(pod.metadata.uid) ?? new Map<string, KnownToken>();
    const known = tokens.get(keyOf(projection));
    const now = this.#clock.now();
    if (known && now < known.renewAt) return known.renewAt;
    const { serviceAccountName = "default" } = pod.spec;
    const { name, namespace, uid } = pod.metadata;
    const seconds = projection.expirationSeconds ?? DEFAULT_SECONDS;
    const body = {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec: {
        ...(projection.audience && { audiences: [projection.audience] }),
        expirationSeconds: seconds,
        boundObjectRef: { apiVersion: "v1", kind: "Pod", name, uid },
      },
    };
    const { status } = await this.#client.createSubresource<TokenResponse>(
      serviceaccounts,
      serviceAccountName,
      namespace,
      "token",
      body,
    );
    const expires = parseTimestamp(status?.expirationTimestamp) ?? now + seconds * 1000;
    const renewAt = now + Math.min((expires - now) * 0.8, DAY);
    tokens.set(keyOf(projection), { token: status?.token ?? "", renewAt });
    this.#known.set(uid, tokens);
    return renewAt;
  }

  get(podUid: string, projection: ServiceAccountTokenProjection): string {
    return this.#known.get(podUid)?.get(keyOf(projection))?.token ?? "";
  }

  forget(podUid: string): void {
    this.#known.delete(podUid);
  }
}

function keyOf({ audience = "", expirationSeconds = DEFAULT_SECONDS }: ServiceAccountTokenProjection): string {
  return `${expirationSeconds}/${audience}`;
}
