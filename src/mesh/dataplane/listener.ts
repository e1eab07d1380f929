import { createServer, type Server, type Socket } from "node:net";
import type { ListenerSpec } from "../../plan/routing/snapshot.ts";
import type { Backend } from "./backend.ts";
import { ClientConnection, type Frontend } from "./client-connection.ts";
import type { Core } from "./core.ts";
import { localAnswer } from "./local-answer.ts";
import { type RouteContext, RouteTable } from "./route.ts";
import { type RawClient, TcpConnection } from "./tcp-connection.ts";
import { type Decision, UndecidedConnection } from "./undecided-connection.ts";

interface Connection {
  drain(): void;
  destroy(): void;
}

const OVERLOADED = localAnswer(
  { status: 503, text: "there are too many connections" },
  "",
  "Connection: close\r\nRetry-After: 1\r\n",
  "",
);
/** A listener to which connections come faster than this is closed all the same. */
const MOST_TURNS = 1_000;

/** One address and port of one Service: accepts connections and says to them what the newest snapshot says. */
export class Listener implements Frontend {
  readonly address: string;
  readonly port: number;
  draining = false;
  /** Why the kernel did not let us listen (`EACCES`, `EADDRINUSE`, …). */
  refused: string | undefined;
  readonly #core: Core;
  readonly #context: RouteContext;
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  #spec: ListenerSpec;
  #routes: RouteTable;
  /** The spec as text: an update that changes nothing need not make a new table. */
  #text: string;
  #emptied: (() => void) | undefined;
  #accepted = 0;

  constructor(core: Core, context: RouteContext, spec: ListenerSpec) {
    this.address = spec.address;
    this.port = spec.port;
    this.#core = core;
    this.#context = context;
    this.#spec = spec;
    this.#text = JSON.stringify(spec);
    this.#routes = new RouteTable(spec, context);
    // allowHalfOpen: a client may end its side as soon as it has said all it wants.
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket));
  }

  get spec(): ListenerSpec {
    return this.#spec;
  }

  get service(): string {
    return this.#spec.fallback;
  }

  get host(): string {
    const { name, namespace } = this.#spec.service;
    return `${name}.${namespace}`;
  }

  get routes(): RouteTable {
    return this.#routes;
  }

  get listening(): boolean {
    return this.#server.listening;
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** True when it listens; false when the kernel refused, and `refused` says why. Every worker listens on the same address. */
  listen(): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (error?: NodeJS.ErrnoException): void => {
        this.#server.off("error", settle).off("listening", settle);
        this.refused = error && (error.code ?? error.message);
        if (!error) this.#server.on("error", () => undefined);
        resolve(!error);
      };
      this.#server.once("error", settle).once("listening", settle);
      this.#server.listen({ host: this.address, port: this.port, reusePort: true, backlog: 4096 });
    });
  }

  /** From the next request on, also on connections that are there already. */
  update(spec: ListenerSpec): void {
    const text = JSON.stringify(spec);
    if (text === this.#text) return;
    this.#text = text;
    this.#spec = spec;
    this.#routes = new RouteTable(spec, this.#context);
  }

  /** Accepts nothing more, tells clients to go, and resolves when the last connection has ended. */
  async close(): Promise<void> {
    this.draining = true;
    for (const connection of this.#connections) connection.drain();
    await this.#stopListening();
    if (this.#connections.size > 0) await new Promise<void>((resolve) => (this.#emptied = resolve));
  }

  destroy(): void {
    if (this.#server.listening) this.#server.close();
    for (const connection of this.#connections) connection.destroy();
  }

  /**
   * The kernel resets connections that it has established and we have not accepted when we stop listening. So we stop right after a
   * turn of the event loop in which none was accepted: what is left is the time between two system calls.
   */
  async #stopListening(): Promise<void> {
    let before = -1;
    for (let turns = 0; before !== this.#accepted && turns < MOST_TURNS; turns++) {
      before = this.#accepted;
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    if (this.#server.listening) this.#server.close();
  }

  #accept(socket: Socket): void {
    this.#accepted++;
    if (this.#core.sweep.size >= this.#core.limits.connections) {
      // Shed before memory is short: whoever is served already goes on.
      socket.on("error", () => undefined).end(OVERLOADED, () => socket.destroy());
      return;
    }
    switch (this.#spec.protocol) {
      case "http":
        this.#serveHttp(socket);
        break;
      case "tcp":
        this.#serveTcp({ socket, said: Buffer.alloc(0) });
        break;
      case "detect":
        this.#detect(socket);
        break;
    }
  }

  #serveHttp(socket: Socket): ClientConnection {
    const connection = new ClientConnection(this.#core, this, socket, this.#ended);
    this.#connections.add(connection);
    if (this.draining) connection.drain();
    return connection;
  }

  #serveTcp(client: RawClient): void {
    const backend: Backend = this.#context.backend(this.#spec.fallback);
    const { sweep, limits } = this.#core;
    if (backend.isCrowded(sweep.size, limits.connections)) {
      client.socket.destroy();
      return;
    }
    const connection = new TcpConnection(this.#core, client, backend, this.#ended);
    this.#connections.add(connection);
    if (this.draining) connection.drain();
  }

  /**
   * Decides by what the client says first. One that says nothing for a while may wait for the server's first word, so it gets a server;
   * should it then speak first all the same, and speak HTTP, it was only slow (tcp-connection.ts).
   */
  #detect(socket: Socket): void {
    const undecided = new UndecidedConnection(this.#core, socket, (decision) => {
      if (decision) this.#serveDecided(socket, decision);
      this.#ended(undecided);
    });
    this.#connections.add(undecided);
  }

  #serveDecided(socket: Socket, { http, said }: Decision): void {
    const serveHttp = (bytes: Buffer): void => this.#serveHttp(socket).receive(bytes);
    if (http) serveHttp(said);
    else this.#serveTcp({ socket, said, ...(http === undefined && said.length === 0 && { serveHttp }) });
  }

  readonly #ended = (connection: Connection): void => {
    this.#connections.delete(connection);
    if (this.#connections.size === 0) this.#emptied?.();
  };
}
