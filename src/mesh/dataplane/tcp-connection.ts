import { connect, type Socket } from "node:net";
import type { Backend } from "./backend.ts";
import type { Core } from "./core.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Timed } from "./sweep.ts";

const MOST_ATTEMPTS = 4;

/** A client's connection whose bytes mean nothing to us: carried to one endpoint and back until both sides have ended. */
export class TcpConnection implements Timed {
  deadline: number;
  readonly #core: Core;
  readonly #client: Socket;
  readonly #backend: Backend;
  readonly #closed: (connection: TcpConnection) => void;
  /** What the client said before it was known that this is no HTTP. */
  readonly #first: Buffer | undefined;
  #server: Socket | undefined;
  #connected = false;
  #tried: readonly Endpoint[] = [];

  /** `first`: bytes that were read from the client already. */
  constructor(
    core: Core,
    client: Socket,
    backend: Backend,
    first: Buffer | undefined,
    closed: (connection: TcpConnection) => void,
  ) {
    this.#core = core;
    this.#client = client;
    this.#backend = backend;
    this.#first = first;
    this.#closed = closed;
    this.deadline = core.monotonic() + core.limits.connect;
    core.metrics.tcpConnections++;
    core.sweep.add(this);
    client.pause();
    client
      .on("data", (bytes: Buffer) => this.#carry(bytes, client, this.#server))
      .on("drain", () => this.#server?.resume())
      .on("end", () => this.#server?.end())
      .on("error", () => undefined)
      .on("close", () => this.#close());
    this.#connect();
  }

  expire(): void {
    if (!this.#connected) this.#server?.destroy();
    else this.#client.destroy();
  }

  /** A raw connection has no end that a listener could wait for: it lives until its sides end it. */
  drain(): void {}

  destroy(): void {
    this.#client.destroy();
  }

  #connect(): void {
    const now = this.#core.monotonic();
    const endpoint = this.#backend.pick(this.#core.random, now, this.#tried);
    if (!endpoint || this.#tried.length >= MOST_ATTEMPTS) {
      this.#client.destroy();
      return;
    }
    this.deadline = now + this.#core.limits.connect;
    endpoint.enter();
    const server = connect({ host: endpoint.address, port: endpoint.port, noDelay: true, allowHalfOpen: true });
    this.#server = server;
    server
      .on("connect", () => this.#begin(server, endpoint))
      .on("data", (bytes: Buffer) => this.#carry(bytes, server, this.#client))
      .on("drain", () => this.#client.resume())
      .on("end", () => this.#client.end())
      .on("error", () => undefined)
      .on("close", () => this.#serverClosed(server, endpoint));
  }

  #begin(server: Socket, endpoint: Endpoint): void {
    endpoint.reached();
    this.#core.metrics.connects++;
    this.#connected = true;
    if (this.#first) server.write(this.#first);
    if (this.#client.readableEnded) server.end();
    this.deadline = this.#core.monotonic() + this.#core.limits.tunnelIdle;
    this.#client.resume();
  }

  #carry(bytes: Buffer, from: Socket, to: Socket | undefined): void {
    this.deadline = this.#core.monotonic() + this.#core.limits.tunnelIdle;
    if (to?.write(bytes) === false) from.pause();
  }

  #serverClosed(server: Socket, endpoint: Endpoint): void {
    endpoint.exit();
    if (!this.#connected && !this.#client.destroyed) {
      // Nothing was said yet: another endpoint can take it.
      endpoint.refused(this.#core.monotonic());
      this.#core.metrics.refused++;
      this.#tried = [...this.#tried, endpoint];
      this.#connect();
    } else if (server.errored) this.#client.destroy();
    else this.#client.end();
  }

  #close(): void {
    this.#core.sweep.delete(this);
    this.#server?.destroy();
    this.#closed(this);
  }
}
