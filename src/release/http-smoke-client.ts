import { request } from "undici";
import type { SmokeAnswer, SmokeClient, SmokeRequest } from "./smoke-client.ts";

const TIMEOUT_MS = 10_000;
const LARGEST_BODY = 1_048_576;

/** Sends smoke requests straight to a pod, each on a connection of its own. */
export const httpSmokeClient: SmokeClient = {
  async get({ address, port, path, headers }: SmokeRequest, signal: AbortSignal): Promise<SmokeAnswer> {
    const host = address.includes(":") ? `[${address}]` : address;
    const { statusCode, body } = await request(`http://${host}:${port}${path}`, {
      headers: { "user-agent": "sluice-smoke", connection: "close", ...headers },
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
      signal,
    });
    let text = "";
    for await (const chunk of body) {
      text += String(chunk);
      if (text.length > LARGEST_BODY) break;
    }
    return { status: statusCode, body: text };
  },
};
