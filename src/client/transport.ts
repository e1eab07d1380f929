import type { Agent, IncomingMessage, RequestOptions } from "node:http";
import https from "node:https";
import tls from "node:tls";
import { type Status, StatusError } from "../api/status-error.ts";
import { AppError } from "../lib/app-error.ts";
import { genericError } from "./generic-error.ts";
import { http } from "./node-http.ts";

/** Where an API server is, and who we are to it. Certificates and keys are PEM. */
export interface Endpoint {
  readonly url: string;
  /** Default: the certificate authorities that Node trusts. */
  readonly ca?: string;
  readonly certificate?: string;
  readonly key?: string;
  /** Bearer token; a function when it changes over time. */
  readonly token?: string | (() => string);
  /** The name that the server's certificate must have, when it is not that of the URL. */
  readonly serverName?: string;
  /** Does not look at the server's certificate at all. */
  readonly insecure?: boolean;
}

export interface TransportRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
  /** The answer never ends by itself (watch, log --follow): it gets a connection of its own and may be silent for long. */
  readonly streaming?: boolean;
}

export interface TransportOptions {
  /** Called with the text of each warning of the server (header `Warning: 299`), which users of kubectl see on stderr. */
  readonly onWarning?: (text: string) => void;
}

interface Sent {
  readonly answer: IncomingMessage | Error;
  /** A kept connection was found closed. */
  readonly stale: boolean;
}

/** Connections for requests that end soon; more wait for one to be free. */
const REQUEST_CONNECTIONS = 16;

/** Milliseconds of silence after which a request that should end soon is given up, as in the API server itself. */
const REQUEST_TIMEOUT = 60_000;

/** Milliseconds of silence after which TCP asks whether the other side is still there. */
const TCP_KEEP_ALIVE = 30_000;

/**
 * HTTP/1.1 to one API server over connections that are kept. Built on node:https and not on undici, which costs each process 29 MB
 * more (docs/adr/0005-node-https-for-the-api.md).
 */
export class Transport implements Disposable {
  readonly #endpoint: Endpoint;
  readonly #userAgent: string;
  readonly #base: URL;
  readonly #requests: Agent;
  readonly #streams: Agent;
  readonly #onWarning: ((text: string) => void) | undefined;

  constructor(endpoint: Endpoint, userAgent: string, { onWarning }: TransportOptions = {}) {
    this.#endpoint = endpoint;
    this.#userAgent = userAgent;
    this.#onWarning = onWarning;
    this.#base = new URL(endpoint.url);
    const options = { keepAlive: true, keepAliveMsecs: TCP_KEEP_ALIVE };
    this.#requests = this.#agent({ ...options, maxSockets: REQUEST_CONNECTIONS });
    this.#streams = this.#agent(options);
  }

  /**
   * Resolves with the answer as soon as its head is there, whatever its status. Rejects with the signal's reason when it is aborted,
   * and with AppError `unreachable` when there is no answer.
   */
  async request(request: TransportRequest): Promise<IncomingMessage> {
    let sent = await this.#send(request);
    // The server may close a kept connection just when we use it again. Only a GET is surely harmless to repeat.
    if (sent.stale && request.method === "GET" && !request.signal?.aborted) sent = await this.#send(request);
    if (!(sent.answer instanceof Error)) {
      this.#warn(sent.answer);
      return sent.answer;
    }
    request.signal?.throwIfAborted();
    throw this.#unreachable(sent.answer);
  }

  /** The JSON of the answer. Rejects with a StatusError when the server refuses. */
  async json(request: TransportRequest): Promise<unknown> {
    const text = await this.text(request);
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new AppError("unreachable", `${this.#endpoint.url} answers with something that is not JSON`, { cause });
    }
  }

  /** The text of the answer. Rejects with a StatusError when the server refuses. */
  async text(request: TransportRequest): Promise<string> {
    const response = await this.successful(request);
    return this.#read(response);
  }

  /** As `request`, but rejects with a StatusError when the server refuses. */
  async successful(request: TransportRequest): Promise<IncomingMessage> {
    const response = await this.request(request);
    const { statusCode = 0, headers } = response;
    if (statusCode >= 200 && statusCode < 300) return response;
    const text = await this.#read(response);
    throw statusOf(text) ?? genericError(statusCode, request.method, text, headers["retry-after"]);
  }

  /** Closes all connections. */
  [Symbol.dispose](): void {
    this.#requests.destroy();
    this.#streams.destroy();
  }

  #send(request: TransportRequest): Promise<Sent> {
    const { method, path, body, signal, streaming } = request;
    const options: RequestOptions = {
      method,
      host: this.#base.hostname.replace(/^\[|\]$/g, ""),
      port: this.#base.port,
      path: this.#base.pathname.replace(/\/$/, "") + path,
      agent: streaming ? this.#streams : this.#requests,
      headers: this.#headers(request),
      ...(signal && { signal }),
    };
    return new Promise((resolve) => {
      const sent = (this.#base.protocol === "http:" ? http : https).request(options);
      sent.on("response", (answer) => resolve({ answer, stale: false }));
      sent.on("error", (answer) => resolve({ answer, stale: sent.reusedSocket && isReset(answer) }));
      if (!streaming) {
        sent.setTimeout(REQUEST_TIMEOUT, () => sent.destroy(new Error(`no answer within ${REQUEST_TIMEOUT / 1000} s`)));
      }
      sent.end(body);
    });
  }

  #warn({ headersDistinct }: IncomingMessage): void {
    if (!this.#onWarning) return;
    for (const header of headersDistinct["warning"] ?? []) {
      const quoted = /^299 \S+ "((?:[^"\\]|\\.)*)"/.exec(header)?.[1];
      if (quoted !== undefined) this.#onWarning(quoted.replace(/\\(.)/g, "$1"));
    }
  }

  #headers({ headers, body }: TransportRequest): Record<string, string> {
    const { token } = this.#endpoint;
    return {
      accept: "application/json",
      "user-agent": this.#userAgent,
      ...(token !== undefined && { authorization: `Bearer ${typeof token === "function" ? token() : token}` }),
      ...(body !== undefined && { "content-length": String(Buffer.byteLength(body)) }),
      ...headers,
    };
  }

  #agent(options: https.AgentOptions): Agent {
    if (this.#base.protocol === "http:") return new http.Agent(options);
    const { ca, certificate, key, serverName, insecure } = this.#endpoint;
    return new https.Agent({
      ...options,
      // Made once: each connection would parse the certificates again.
      secureContext: tls.createSecureContext({
        ...(ca && { ca }),
        ...(certificate && { cert: certificate }),
        ...(key && { key }),
      }),
      rejectUnauthorized: !insecure,
      ...(serverName && { servername: serverName }),
    });
  }

  async #read(response: IncomingMessage): Promise<string> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of response) chunks.push(chunk as Buffer);
    } catch (error) {
      throw this.#unreachable(error as Error);
    }
    return Buffer.concat(chunks).toString("utf8");
  }

  #unreachable(cause: Error): AppError {
    return new AppError("unreachable", `cannot reach ${this.#endpoint.url}: ${cause.message}`, { cause });
  }
}

function isReset(error: NodeJS.ErrnoException): boolean {
  return error.code === "ECONNRESET" || error.code === "EPIPE";
}

/** The error that a refusal says itself, if it says it as Kubernetes does. */
function statusOf(text: string): StatusError | undefined {
  try {
    const status = JSON.parse(text) as Status | null;
    return status?.kind === "Status" ? StatusError.from(status) : undefined;
  } catch {
    return undefined;
  }
}
