import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { Clock } from "../../src/lib/clock.ts";
import type { Random } from "../../src/lib/random.ts";
import { systemClock } from "../../src/main/system-clock.ts";
import { systemRandom } from "../../src/main/system-random.ts";
import type { LoggedRequest } from "../../src/mesh/dataplane/access-log.ts";
import { Dataplane } from "../../src/mesh/dataplane/dataplane.ts";
import { LIMITS, type Limits } from "../../src/mesh/dataplane/limits.ts";
import { Gatekeeper, type PeerMessage, type TripRecord } from "../../src/mesh/session/gatekeeper.ts";
import { Ledger } from "../../src/mesh/session/ledger.ts";
import type { Endpoint, ListenerSpec, Rule, Snapshot } from "../../src/plan/routing/snapshot.ts";

/** A loopback address of nobody else, so that tests can use any port on it at the same time. */
export function freeAddress(): string {
  const byte = (): number => 1 + Math.floor(Math.random() * 254);
  return `127.${1 + Math.floor(Math.random() * 62)}.${byte()}.${byte()}`;
}

export interface HarnessOptions {
  readonly clock?: Clock;
  readonly random?: Random;
  readonly limits?: Partial<Limits>;
  readonly name?: string;
}

/** A data plane with one listener, without API and disk. */
export class MeshHarness implements AsyncDisposable {
  readonly address: string = freeAddress();
  readonly port: number = 8080;
  readonly log: LoggedRequest[] = [];
  readonly ledger: Ledger = new Ledger();
  readonly told: PeerMessage[] = [];
  readonly gatekeeper: Gatekeeper;
  readonly dataplane: Dataplane;
  trips: readonly TripRecord[] = [];
  counted = 0;
  #waiting: (() => void)[] = [];

  constructor({ clock = systemClock, random = systemRandom, limits, name = "mesh-1" }: HarnessOptions = {}) {
    this.gatekeeper = new Gatekeeper({
      clock,
      epoch: `epoch-of-${name}`,
      worker: name,
      trips: [],
      tell: (message) => void this.told.push(message),
      tripped: (trips) => {
        this.trips = trips;
      },
    });
    this.dataplane = new Dataplane({
      clock,
      random,
      limits: { ...LIMITS, ...limits },
      ledger: this.ledger,
      gatekeeper: this.gatekeeper,
      accessLog: {
        add: (request) => {
          this.log.push(request);
          for (const wake of this.#waiting.splice(0)) wake();
        },
      },
      counted: () => void this.counted++,
      drainingChanged: () => undefined,
    });
  }

  /** Serves these backends (by name, port 80) by these rules; without rules all goes to the backend `web`. */
  apply(
    backends: Readonly<Record<string, readonly (Endpoint | Backend)[]>>,
    rules: readonly Partial<Rule>[] = [],
    more: Partial<ListenerSpec> = {},
  ): Promise<void> {
    const snapshot: Snapshot = {
      applied: {},
      listeners: [
        {
          address: this.address,
          port: this.port,
          service: { namespace: "test", name: "web", port: 80 },
          protocol: "http",
          rules: rules.map((rule, i) => ({ id: `test/route/${i}`, filters: [], backends: [], ...rule })),
          matches: rules.map((_, rule) => ({ match: { headers: [], query: [] }, rule })),
          fallback: "test/web:80",
          ...more,
        },
      ],
      backends: Object.fromEntries(
        Object.entries(backends).map(([name, endpoints]) => [
          `test/${name}:80`,
          { id: `test/${name}:80`, endpoints: endpoints.map(endpointOf) },
        ]),
      ),
    };
    return this.dataplane.apply(snapshot);
  }

  connect(): RawClient {
    return new RawClient(connect({ host: this.address, port: this.port, allowHalfOpen: true }));
  }

  /** Sends `text` on a connection of its own and ends it; everything that comes back until the other side closes. */
  async exchange(text: string): Promise<string> {
    const client = this.connect();
    client.end(text);
    const answer = await client.rest();
    client.destroy();
    return answer;
  }

  /** Resolves when `count` requests have been logged. */
  async logged(count: number): Promise<readonly LoggedRequest[]> {
    while (this.log.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.log;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.dataplane.destroy();
    return Promise.resolve();
  }
}

/** A client that sees bytes, not messages. Latin-1. */
export class RawClient {
  readonly socket: Socket;
  closed = false;
  #text = "";
  #wake: (() => void)[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    const wake = (): void => {
      for (const resolve of this.#wake.splice(0)) resolve();
    };
    socket
      .setEncoding("latin1")
      .on("data", (piece: string) => {
        this.#text += piece;
        wake();
      })
      .on("end", () => {
        this.closed = true;
        wake();
      })
      .on("error", () => undefined)
      .on("close", () => {
        this.closed = true;
        wake();
      });
  }

  write(text: string): this {
    this.socket.write(text, "latin1");
    return this;
  }

  end(text = ""): this {
    this.socket.end(text, "latin1");
    return this;
  }

  destroy(): void {
    this.socket.destroy();
  }

  /** Takes what has come up to and with `mark`. Fails when the other side closes first. */
  async until(mark: string | RegExp): Promise<string> {
    for (;;) {
      const end = typeof mark === "string" ? endOf(this.#text, mark) : endOfMatch(this.#text, mark);
      if (end >= 0) return this.#take(end);
      if (this.closed) throw new Error(`closed before ${String(mark)}: ${JSON.stringify(this.#text)}`);
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  /** The next `count` bytes. Fails when the other side closes first. */
  async take(count: number): Promise<string> {
    while (this.#text.length < count) {
      if (this.closed) throw new Error(`closed after ${this.#text.length} of ${count} bytes`);
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
    return this.#take(count);
  }

  /** Everything until the other side closes. */
  async rest(): Promise<string> {
    while (!this.closed) await new Promise<void>((resolve) => this.#wake.push(resolve));
    return this.#take(this.#text.length);
  }

  /** One response with Content-Length, or without content. */
  async response(): Promise<{ readonly status: number; readonly head: string; readonly content: string }> {
    const head = await this.until("\r\n\r\n");
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
    while (this.#text.length < length && !this.closed) await new Promise<void>((resolve) => this.#wake.push(resolve));
    return { status: Number(head.slice(9, 12)), head, content: this.#take(length) };
  }

  get pending(): string {
    return this.#text;
  }

  #take(end: number): string {
    const taken = this.#text.slice(0, end);
    this.#text = this.#text.slice(end);
    return taken;
  }
}

const endOf = (text: string, mark: string): number => {
  const at = text.indexOf(mark);
  return at < 0 ? -1 : at + mark.length;
};

const endOfMatch = (text: string, mark: RegExp): number => {
  const match = mark.exec(text);
  return match ? match.index + match[0].length : -1;
};

/** A server that sees bytes: for each connection `serve` is run. */
export class Backend implements AsyncDisposable {
  readonly address: string = freeAddress();
  readonly port: number = 8080;
  readonly connections: RawClient[] = [];
  readonly #server: Server;

  private constructor(serve: (connection: RawClient, number: number) => Promise<void>) {
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      const connection = new RawClient(socket);
      const number = this.connections.push(connection);
      serve(connection, number).catch(() => socket.destroy());
    });
  }

  static async start(serve: (connection: RawClient, number: number) => Promise<void>): Promise<Backend> {
    const backend = new Backend(serve);
    backend.#server.listen({ host: backend.address, port: backend.port });
    await once(backend.#server, "listening");
    return backend;
  }

  /** Answers every request, whose content has a length or none, with what `answer` makes of it. */
  static answering(answer: (request: Request) => string): Promise<Backend> {
    return Backend.start(async (connection) => {
      for (;;) connection.write(answer(await readRequest(connection)));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const connection of this.connections) connection.destroy();
    await Promise.resolve();
  }
}

export interface Request {
  readonly head: string;
  readonly line: string;
  readonly content: string;
}

export async function readRequest(connection: RawClient): Promise<Request> {
  const head = await connection.until("\r\n\r\n");
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
  let content = "";
  if (length > 0) content = await connection.take(length);
  else if (/\r\ntransfer-encoding: chunked/i.test(head))
    content = await connection.until(/(^|\r\n)0\r\n([^\r\n]+\r\n)*\r\n$/);
  return { head, line: head.slice(0, head.indexOf("\r\n")), content };
}

export const ok = (content: string, ...fields: readonly string[]): string =>
  `HTTP/1.1 200 OK\r\n${fields.map((field) => `${field}\r\n`).join("")}Content-Length: ${content.length}\r\n\r\n${content}`;

/** Of a server of the test, or of the snapshot. */
function endpointOf(each: Endpoint | Backend): Endpoint {
  const { address, port } = each;
  return { address, port, ...("terminating" in each && each.terminating && { terminating: true }) };
}
