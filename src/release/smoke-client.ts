import type { SmokeAction } from "../plan/release/actions.ts";
import type { SmokeResult } from "../plan/release/view.ts";

/** How smoke requests are sent; an HTTP client in the program, a script in tests. */
export interface SmokeClient {
  /** Rejects when there is no answer. The body may be cut after a megabyte. */
  get(request: SmokeRequest, signal: AbortSignal): Promise<SmokeAnswer>;
}

export interface SmokeRequest {
  readonly address: string;
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface SmokeAnswer {
  readonly status: number;
  readonly body: string;
}

/** Sends one smoke request and says what came of it. */
export async function trySmoke(client: SmokeClient, action: SmokeAction, signal: AbortSignal): Promise<SmokeResult> {
  const { session, index, pod, path, address, port, headers } = action;
  const result = { session, index, get: path, pod };
  try {
    const answer = await client.get({ address, port, path, headers }, signal);
    const message = complaint(answer, action.expect);
    return message === undefined ? { ...result, ok: true } : { ...result, ok: false, message };
  } catch (error) {
    return { ...result, ok: false, message: `no answer: ${(error as Error).message}` };
  }
}

function complaint(
  { status, body }: SmokeAnswer,
  { status: wanted, bodyContains }: SmokeAction["expect"],
): string | undefined {
  if (status !== wanted) return `answered ${status}, ${wanted} was expected`;
  if (bodyContains !== undefined && !body.includes(bodyContains))
    return `answered ${status}, but without ${JSON.stringify(bodyContains)}`;
  return undefined;
}
