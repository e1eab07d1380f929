import { createSecureServer, type Http2SecureServer, type ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { StatusError } from "../../api/status-error.ts";
import { AppError } from "../../lib/app-error.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Logger } from "../../observe/logger.ts";
import type { User } from "../auth/user.ts";
import type { KeyPair } from "../pki/certificate.ts";
import { clientCertificate } from "./client-certificate.ts";
import { Exchange, type Request, type Response } from "./exchange.ts";

export interface ServerOptions {
  /** The server's own certificate, and the authority whose client certificates it trusts. */
  readonly identity: KeyPair;
  readonly ca: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Answers one request. What it throws becomes a Status. */
  readonly serve: (exchange: Exchange, certificate: User | "bad" | undefined) => Promise<void>;
  /** Ends what would go on for ever: watches and followed logs. */
  readonly endStreams: () => void;
}

/** How long requests in flight may take when the server is closed, in milliseconds. */
const CLOSE_GRACE = 5000;

/**
 * One port for HTTP/2 and HTTP/1.1 over TLS: Go clients speak HTTP/2 for ordinary calls and open HTTP/1.1 connections for
 * upgrades.
 */
export class ApiHttpServer implements AsyncDisposable {
  readonly #options: ServerOptions;
  readonly #server: Http2SecureServer;
  readonly #connections = new Set<Socket>();
  /** What the client of a connection has proved; by HTTP/2 session or HTTP/1.1 socket. */
  readonly #certificates = new WeakMap<object, User | "bad">();
  readonly #inFlight = new Set<Exchange>();
  #onIdle: (() => void) | undefined;
  #port = 0;

  constructor(options: ServerOptions) {
    this.#options = options;
    const { identity, ca } = options;
    this.#server = createSecureServer({
      allowHTTP1: true,
      key: identity.key,
      cert: identity.certificate,
      ca,
      requestCert: true,
      // Who brings no certificate may bring a token; a bad one is refused with a Status.
      rejectUnauthorized: false,
    });
    this.#server.on("connection", (socket: Socket) => {
      this.#connections.add(socket);
      socket.on("close", () => this.#connections.delete(socket));
    });
    this.#server.on("session", (session) => this.#identifySession(session));
    this.#server.on("request", (request, response) => this.#serve(request, response));
    this.#server.on("upgrade", (_request: Request, socket: Duplex) => refuseUpgrade(socket));
    this.#server.on("tlsClientError", (error) => options.log.debug("TLS handshake failed", { error: error.message }));
  }

  /** The port on which it listens. */
  get port(): number {
    return this.#port;
  }

  /** Listens on 127.0.0.1; port 0 lets the kernel choose. Throws AppError `port-taken`. */
  listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", (error: NodeJS.ErrnoException) => {
        const taken = error.code === "EADDRINUSE";
        reject(taken ? new AppError("port-taken", `port ${port} on 127.0.0.1 is taken`, { cause: error }) : error);
      });
      this.#server.listen({ host: "127.0.0.1", port }, () => {
        const address = this.#server.address();
        this.#port = typeof address === "object" && address ? address.port : port;
        resolve();
      });
    });
  }

  /** Takes no more connections, ends watches, lets requests in flight finish, then closes what is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#options.endStreams();
    if (this.#inFlight.size > 0) await this.#idle();
    for (const socket of this.#connections) socket.destroy();
  }

  #idle(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(CLOSE_GRACE, resolve);
      this.#onIdle = () => {
        cancel();
        resolve();
      };
    });
  }

  #identifySession(session: ServerHttp2Session): void {
    const certificate = clientCertificate(session.socket as TLSSocket);
    if (certificate) this.#certificates.set(session, certificate);
  }

  #certificateOf(request: Request): User | "bad" | undefined {
    if ("stream" in request && request.stream?.session) return this.#certificates.get(request.stream.session);
    const { socket } = request;
    let certificate = this.#certificates.get(socket);
    if (!certificate) {
      certificate = clientCertificate(socket as TLSSocket);
      if (certificate) this.#certificates.set(socket, certificate);
    }
    return certificate;
  }

  #serve(request: Request, response: Response): void {
    const exchange = new Exchange(request, response, this.#options.clock);
    const certificate = this.#certificateOf(request);
    this.#inFlight.add(exchange);
    response.on("close", () => {
      this.#inFlight.delete(exchange);
      if (this.#inFlight.size === 0) this.#onIdle?.();
    });
    this.#options.serve(exchange, certificate).catch((error: unknown) => this.#fail(exchange, error));
  }

  #fail(exchange: Exchange, error: unknown): void {
    if (!(error instanceof StatusError) || error.reason === "InternalError")
      this.#options.log.error("request failed", { method: exchange.method, path: exchange.path, error });
    if (exchange.answered) {
      exchange.abort();
      return;
    }
    const failure = error instanceof StatusError ? error : internalError(error);
    const { status } = failure;
    const retryAfter = status.details?.retryAfterSeconds;
    const body = { contentType: "application/json", bytes: Buffer.from(`${JSON.stringify(status)}\n`) };
    const headers = retryAfter === undefined ? {} : { "retry-after": String(retryAfter) };
    exchange.send(failure.code, body, headers).catch((reason: unknown) => {
      this.#options.log.debug("answer not sent", { path: exchange.path, error: reason });
    });
  }
}

function internalError(error: unknown): StatusError {
  const message = error instanceof Error ? error.message : String(error);
  return new StatusError("InternalError", `Internal error occurred: ${message}`, { causes: [{ message }] });
}

/** Nothing is served by upgraded connections yet (exec, attach, port-forward); clients show the message of a Status. */
function refuseUpgrade(socket: Duplex): void {
  const { status } = new StatusError("", "this server does not serve exec, attach or port-forward", undefined, 501);
  const body = JSON.stringify(status);
  socket.end(
    `HTTP/1.1 501 Not Implemented\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
