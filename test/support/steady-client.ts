import { Agent, request } from "node:http";
import { systemClock as clock } from "../../src/main/system-clock.ts";

export interface Answer {
  readonly at: number;
  readonly ended: number;
  readonly method: string;
  readonly status?: number;
  readonly error?: string;
  readonly version?: string;
}

export interface SteadyOptions {
  readonly url: string;
  /** Requests a second, sent whether or not earlier ones were answered. */
  readonly rate: number;
  readonly methods?: readonly ("GET" | "POST")[];
  /** Default: kept connections. */
  readonly fresh?: boolean;
}

/** A plain HTTP client of the test's own under steady load. It repeats nothing. */
export class SteadyClient implements AsyncDisposable {
  readonly answers: Answer[] = [];
  readonly #options: SteadyOptions;
  readonly #agent: Agent;
  readonly #pending = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  readonly #began: number = clock.monotonic();
  #sent = 0;

  constructor(options: SteadyOptions) {
    this.#options = options;
    this.#agent = new Agent({ keepAlive: options.fresh !== true, maxSockets: 32 });
    this.#timer = setInterval(() => this.#send(), 5);
  }

  get failed(): readonly Answer[] {
    return this.answers.filter(({ status, error }) => error !== undefined || (status ?? 500) >= 500);
  }

  /** Requests that were sent from `from` (milliseconds since the epoch) on. */
  since(from: number): readonly Answer[] {
    return this.answers.filter(({ at }) => at >= from);
  }

  /** Ends the load and waits for the answers that are still to come. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#pending);
    this.#agent.destroy();
  }

  #send(): void {
    const due = ((clock.monotonic() - this.#began) / 1000) * this.#options.rate;
    for (; this.#sent < due; this.#sent++) {
      const one = this.#one(this.#sent).then((answer) => void this.answers.push(answer));
      this.#pending.add(one);
      void one.finally(() => this.#pending.delete(one));
    }
  }

  #one(index: number): Promise<Answer> {
    const { url, methods = ["GET"] } = this.#options;
    const method = methods[index % methods.length] ?? "GET";
    const at = clock.now();
    return new Promise((resolve) => {
      const finish = (result: Pick<Answer, "status" | "error" | "version">): void =>
        resolve({ at, ended: clock.now(), method, ...result });
      const sent = request(url, {
        method,
        agent: this.#agent,
        timeout: 10_000,
        headers: { "x-user-id": `u${index % 500}` },
      });
      sent.once("timeout", () => sent.destroy(new Error("timeout")));
      sent.once("error", (error: NodeJS.ErrnoException) => finish({ error: error.code ?? error.message }));
      sent.once("response", (response) => {
        const { statusCode: status = 0 } = response;
        let body = "";
        response.setEncoding("utf8").on("data", (text: string) => void (body += text));
        response.once("error", (error: NodeJS.ErrnoException) =>
          finish({ status, error: error.code ?? error.message }),
        );
        response.once("end", () => finish({ status, version: body.trim() }));
      });
      sent.end();
    });
  }
}
