import { Agent, type IncomingMessage, request } from "node:http";
import type { Clock } from "../../../lib/clock.ts";
import type { PlannedRequest } from "./plan.ts";
import type { RequestRecord } from "./record.ts";

const TIMEOUT = 10_000;

/** Sends requests as a strict client does: no retry, an answer must be whole and must be JSON. */
export class Sender implements Disposable {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  send(planned: PlannedRequest): Promise<RequestRecord> {
    const at = this.#clock.now();
    const began = this.#clock.monotonic();
    const { user, operation, method } = planned;
    return new Promise((resolve) => {
      const finish = (result: Pick<RequestRecord, "status" | "error" | "version">): void =>
        resolve({
          at,
          took: Math.round((this.#clock.monotonic() - began) * 10) / 10,
          user,
          operation,
          method,
          ...result,
        });
      const body = planned.body === undefined ? undefined : JSON.stringify(planned.body);
      const sent = request(planned.url, {
        method: planned.method,
        agent: planned.fresh ? false : this.#agent,
        timeout: TIMEOUT,
        headers: {
          "x-user-id": user,
          ...(body !== undefined && { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
        },
      });
      sent.once("timeout", () => sent.destroy(new Error("timeout")));
      sent.once("error", (error: NodeJS.ErrnoException) => finish({ error: error.code ?? error.message }));
      sent.once("response", (response) => void read(response).then(finish));
      sent.end(body);
    });
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

function read(response: IncomingMessage): Promise<Pick<RequestRecord, "status" | "error" | "version">> {
  const status = response.statusCode ?? 0;
  const version = response.headers["ftgo-version"];
  const seen = { status, ...(typeof version === "string" && { version }) };
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    response.on("data", (chunk: Buffer) => chunks.push(chunk));
    response.once("error", (error: NodeJS.ErrnoException) => resolve({ ...seen, error: error.code ?? error.message }));
    response.once("end", () => {
      try {
        JSON.parse(Buffer.concat(chunks).toString("utf8"));
        resolve(seen);
      } catch {
        resolve({ ...seen, error: "unparsable" });
      }
    });
  });
}
