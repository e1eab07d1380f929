import { connect, type Socket } from "node:net";
import type { Backend } from "./backend.ts";
import type { Core } from "./core.ts";
import type { Endpoint } from "./endpoint.ts";
import { beginsHttp1 } from "./protocol-detector.ts";
import type { Timed } from "./sweep.ts";

const MOST_ATTEMPTS = 4;
/** When its listener closes, a raw connection over which nothing has gone for this many milliseconds is ended. */
const DRAIN_IDLE = 5_000;

export interface RawClient {
  readonly socket: Socket;
  /** What the client has said already. */
  readonly said: Buffer;
  /** Present while it is open whether this is HTTP after all: serves the client from here on, beginning with these bytes. */
  readonly serveHttp?: (said: Buffer) => void;
}

/** A client's connection whose bytes mean nothing to us: carried to one endpoint and back until both sides have ended. */
export class TcpConnection implements Timed {
  deadline: number;
  readonly #core: Core;
  readonly #client: Socket;
  readonly #backend: Backend;
  readonly #closed: (connection: TcpConnection) => void;
  /** What the client has said and the server has not been told: until it is there, and until it is clear that this is no HTTP. */
  #said: Buffer | undefined;
  #serveHttp: ((said: Buffer) => void) | undefined;
  #server: Socket | undefined;
  #endpoint: Endpoint | undefined;
  #connected = false;
  #tried: readonly Endpoint[] = [];
  #idle: number;

  constructor(core: Core, client: RawClient, backend: Backend, closed: (connection: TcpConnection) => void) {
    this.#core = core;
    this.#client = client.socket;
    this.#backend = backend;
    this.#closed = closed;
    this.#said = client.said;
    this.#serveHttp = client.serveHttp;
    this.#idle = core.limits.tunnelIdle;
    this.deadline = core.monotonic() + core.limits.connect;
    core.metrics.tcpConnections++;
    core.sweep.add(this);
    client.socket
      .on("data", this.#clientSaid)
      .on("drain", this.#clientRead)
      .on("end", this.#clientEnded)
      .on("error", ignore)
      .on("close", this.#clientClosed);
    this.#connect();
    this.#setReading();
  }

  expire(): void {
    if (!this.#connected) this.#server?.destroy();
    else this.#client.destroy();
  }

  /** A raw connection has no end that a listener could wait for, but it can be unused. */
  drain(): void {
    this.#idle = DRAIN_IDLE;
    this.#touch();
  }

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
    this.#endpoint = endpoint;
    endpoint.enter();
    const server = connect({ host: endpoint.address, port: endpoint.port, noDelay: true, allowHalfOpen: true });
    this.#server = server;
    server
      .on("connect", () => this.#begin(server, endpoint))
      .on("data", (bytes: Buffer) => this.#serverSaid(bytes, server))
      .on("drain", () => this.#client.resume())
      .on("end", () => this.#client.end())
      .on("error", ignore)
      .on("close", () => this.#serverClosed(server, endpoint));
  }

  #begin(server: Socket, endpoint: Endpoint): void {
    endpoint.reached();
    this.#core.metrics.connects++;
    this.#connected = true;
    this.#touch();
    if (!this.#serveHttp) this.#tellServer();
    if (this.#client.readableEnded) server.end();
    this.#setReading();
  }

  readonly #clientSaid = (bytes: Buffer): void => {
    this.#touch();
    if (this.#said === undefined) {
      if (this.#server?.write(bytes) === false) this.#client.pause();
      return;
    }
    this.#said = this.#said.length === 0 ? bytes : Buffer.concat([this.#said, bytes]);
    const http = this.#serveHttp ? beginsHttp1(this.#said) : false;
    if (http) this.#becomeHttp(this.#said);
    else if (http === false) {
      this.#serveHttp = undefined;
      if (this.#connected) this.#tellServer();
      this.#setReading();
    }
  };

  #serverSaid(bytes: Buffer, server: Socket): void {
    this.#touch();
    // Who is spoken to first does not speak HTTP.
    if (this.#serveHttp) {
      this.#serveHttp = undefined;
      this.#tellServer();
    }
    if (!this.#client.write(bytes)) server.pause();
  }

  #tellServer(): void {
    const said = this.#said;
    this.#said = undefined;
    if (said && said.length > 0 && this.#server?.write(said) === false) this.#client.pause();
  }

  /** The client was only slow to speak. The server has heard nothing of it yet. */
  #becomeHttp(said: Buffer): void {
    const serveHttp = this.#serveHttp;
    this.#client
      .off("data", this.#clientSaid)
      .off("drain", this.#clientRead)
      .off("end", this.#clientEnded)
      .off("error", ignore)
      .off("close", this.#clientClosed);
    serveHttp?.(said);
    // Last: a listener that closes must not seem to be empty in between.
    this.#leave();
  }

  readonly #clientRead = (): void => void this.#server?.resume();
  readonly #clientEnded = (): void => void this.#server?.end();
  readonly #clientClosed = (): void => this.#leave();

  #leave(): void {
    this.#core.sweep.delete(this);
    this.#serveHttp = undefined;
    this.#endpoint?.exit();
    this.#endpoint = undefined;
    if (this.#client.errored) this.#server?.resetAndDestroy();
    else this.#server?.destroy();
    this.#closed(this);
  }

  #serverClosed(server: Socket, endpoint: Endpoint): void {
    // Undefined: the client's side has ended it all.
    if (this.#endpoint !== endpoint) return;
    this.#endpoint = undefined;
    endpoint.exit();
    if (!this.#connected) {
      // Nothing was said yet: another endpoint can take it.
      endpoint.refused(this.#core.monotonic());
      this.#core.metrics.refused++;
      this.#tried = [...this.#tried, endpoint];
      this.#connect();
    } else if (server.errored) this.#client.resetAndDestroy();
    else this.#client.end();
  }

  /** What a client says before the server is there is read only as far as it takes to know what it is. */
  #setReading(): void {
    if (this.#connected || this.#serveHttp) this.#client.resume();
    else this.#client.pause();
  }

  #touch(): void {
    if (this.#connected) this.deadline = this.#core.monotonic() + this.#idle;
  }
}

const ignore = (): void => undefined;
