import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { TLSSocket } from "node:tls";
import type { Pod, PodStatus } from "../../api/generated/core-v1.ts";
import { AppError } from "../../lib/app-error.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Logger } from "../../observe/logger.ts";
import { containerLogPath } from "../agent/node-config.ts";
import { readLog } from "../logs/log-reader.ts";
import { chooseInstance, LogRefusal, parseLogRequest } from "./log-request.ts";

/** The pods of the node, as its agent knows them. */
export interface PodDirectory {
  find(namespace: string, name: string): { readonly pod: Pod; readonly status: PodStatus | undefined } | undefined;
  pods(): readonly Pod[];
  /** Resolves when the instance has ended: at once when it does not run. */
  ended(pod: Pod, container: string, instance: number): Promise<unknown>;
}

export interface KubeletServerOptions {
  readonly pods: PodDirectory;
  readonly home: string;
  /** PEM. */
  readonly identity: { readonly certificate: string; readonly key: string };
  /** Who issues the certificates of those who may ask. */
  readonly ca: string;
  readonly host: string;
  /** 0: the kernel chooses. */
  readonly port: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The API server's client certificate; members of `system:masters` may do everything. */
const API_SERVER = "kube-apiserver-kubelet-client";
const MASTERS = "system:masters";

type Handler = (
  parts: readonly string[],
  query: URLSearchParams,
  response: ServerResponse,
  signal: AbortSignal,
) => Promise<void>;

/** The HTTPS endpoint of the node, to which the API server turns for logs. Everybody must show a certificate. */
export class KubeletServer implements AsyncDisposable {
  readonly #options: KubeletServerOptions;
  readonly #server: Server;
  readonly #handlers: Readonly<Record<string, Handler>> = {
    healthz: (_, __, response) => Promise.resolve(void response.end("ok")),
    pods: (_, __, response) => Promise.resolve(this.#listPods(response)),
    containerLogs: (parts, query, response, signal) => this.#showLog(parts, query, response, signal),
  };

  private constructor(options: KubeletServerOptions) {
    this.#options = options;
    const { identity, ca } = options;
    const tls = { cert: identity.certificate, key: identity.key, ca, requestCert: true, rejectUnauthorized: false };
    this.#server = createServer(tls, (request, response) => void this.#serve(request, response));
  }

  static async start(options: KubeletServerOptions): Promise<KubeletServer> {
    const server = new KubeletServer(options);
    await new Promise<void>((resolve, reject) => {
      server.#server.once("error", (error: NodeJS.ErrnoException) =>
        reject(
          error.code === "EADDRINUSE"
            ? new AppError("port-taken", `port ${options.port} on ${options.host}, for the node's logs, is in use`, {
                cause: error,
              })
            : error,
        ),
      );
      server.#server.listen({ host: options.host, port: options.port }, resolve);
    });
    return server;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address ? address.port : 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const abort = new AbortController();
    response.once("close", () => abort.abort(new Error("the client went away")));
    try {
      const refusal = whyNot(request.socket as TLSSocket);
      if (refusal) return refuse(response, refusal.code, refusal.message);
      const { pathname, searchParams } = new URL(request.url ?? "/", "https://kubelet");
      const [, name = "", ...parts] = pathname.split("/").map(decodeURIComponent);
      const handler = request.method === "GET" ? this.#handlers[name] : undefined;
      if (!handler) return refuse(response, 404, "404 page not found");
      await handler(parts, searchParams, response, abort.signal);
    } catch (error) {
      if (abort.signal.aborted) return undefined;
      if (error instanceof LogRefusal) return refuse(response, error.code, error.message);
      this.#options.log.error("kubelet request failed", { url: request.url, error });
      refuse(response, 500, (error as Error).message);
    }
    return undefined;
  }

  #listPods(response: ServerResponse): void {
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify({ kind: "PodList", apiVersion: "v1", metadata: {}, items: this.#options.pods.pods() }));
  }

  async #showLog(
    [namespace = "", name = "", container = ""]: readonly string[],
    query: URLSearchParams,
    response: ServerResponse,
    signal: AbortSignal,
  ): Promise<void> {
    const { pods, home, clock } = this.#options;
    const request = parseLogRequest(query, clock.now());
    const found = pods.find(namespace, name);
    if (!found) throw new LogRefusal(404, "pod does not exist");
    const { pod, status } = found;
    const instance = chooseInstance(pod, status, container, request.previous);
    const followUntil = request.follow ? { followUntil: pods.ended(pod, container, instance) } : {};
    response.setHeader("Content-Type", "text/plain");
    // The headers go at once: a follower learns that he is connected before the program says anything.
    response.flushHeaders();
    for await (const chunk of readLog(
      containerLogPath(home, pod, container, instance),
      { ...request, ...followUntil },
      signal,
    )) {
      if (!response.write(chunk)) await drained(response, signal);
      if (signal.aborted) return;
    }
    response.end();
  }
}

/** Who has no certificate of ours is not known; who is neither the API server nor an administrator may not ask. */
function whyNot(socket: TLSSocket): { readonly code: number; readonly message: string } | undefined {
  if (!socket.authorized) return { code: 401, message: "Unauthorized" };
  const { subject } = socket.getPeerCertificate();
  const groups = [subject?.O ?? []].flat();
  const user = [subject?.CN ?? ""].flat()[0] ?? "";
  if (user === API_SERVER || groups.includes(MASTERS)) return undefined;
  return { code: 403, message: `Forbidden (user=${user}, verb=get, resource=nodes, subresource(s)=[proxy])` };
}

function refuse(response: ServerResponse, code: number, message: string): void {
  if (response.headersSent) response.destroy();
  else response.writeHead(code, { "Content-Type": "text/plain; charset=utf-8" }).end(message);
}

/** Until the client has read: a slow reader holds up nobody but himself. */
function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    response.once("drain", resolve);
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
