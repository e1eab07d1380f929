import type { IncomingMessage } from "node:http";
import { http } from "../client/node-http.ts";
import type { SmokeAnswer, SmokeClient, SmokeRequest } from "./smoke-client.ts";

/** The whole of an answer must be there by then, in ms: a version that trickles has not passed. */
const TIMEOUT = 10_000;
const LARGEST_BODY = 1_048_576;

/** Sends smoke requests straight to a pod, each on a connection of its own. */
export const httpSmokeClient: SmokeClient = {
  async get({ address, port, path, headers }: SmokeRequest, signal: AbortSignal): Promise<SmokeAnswer> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)]);
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      http
        .request({
          host: address,
          port,
          path,
          agent: false,
          signal: limit,
          headers: { "user-agent": "sluice-smoke", ...headers },
        })
        .once("response", resolve)
        .once("error", reject)
        .end();
    });
    return { status: answer.statusCode ?? 0, body: await readBody(answer) };
  },
};

async function readBody(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    // Leaving the loop destroys the answer, and its connection with it.
    if (length >= LARGEST_BODY) break;
  }
  return Buffer.concat(chunks).toString("utf8");
}
