import { claim } from "./claim.ts";
import { pathHash } from "./path-hash.ts";

/** The port at which a slice is claimed, on its last Service address. */
const CLAIM_PORT = 10_256;

/** Port of the proxy that knows the names of Services, on the same address. */
const NAMES_PORT = 10_255;

/** The addresses of one engine: 127.S.0.0/16, the lower half for Services, the upper for pods. */
export interface AddressPlan {
  readonly slice: number;
  readonly serviceCidr: string;
  readonly podCidr: string;
  /** ClusterIP of the Service `kubernetes`. */
  readonly kubernetes: string;
  /** Where every mesh worker listens for pods that have no hosts file of their own. */
  readonly namesProxy: { readonly host: string; readonly port: number };
}

export function addressPlan(slice: number): AddressPlan {
  return {
    slice,
    serviceCidr: `127.${slice}.0.0/17`,
    podCidr: `127.${slice}.128.0/17`,
    kubernetes: `127.${slice}.0.1`,
    namesProxy: { host: lastServiceAddress(slice), port: NAMES_PORT },
  };
}

/** Given to no Service. */
const lastServiceAddress = (slice: number): string => `127.${slice}.127.255`;

/** Takes part in the claim on a slice (src/engine/claim.ts). */
export function claimSlice(slice: number, shared: boolean): Promise<Disposable | undefined> {
  return claim({ host: lastServiceAddress(slice), port: CLAIM_PORT }, shared);
}

/** A slice that no engine holds, the search starting where the home's path hashes to, so that a home keeps its slice. */
export async function findFreeSlice(homePath: string): Promise<number | undefined> {
  const hash = pathHash(homePath);
  for (let i = 0; i < 64; i++) {
    const slice = 64 + ((hash + i) % 64);
    const held = await claimSlice(slice, false);
    if (!held) continue;
    held[Symbol.dispose]();
    return slice;
  }
  return undefined;
}
