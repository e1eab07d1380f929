import type { IncomingMessage, OutgoingHttpHeaders, Server, ServerResponse } from "node:http";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { http } from "../../client/node-http.ts";
import type { Snapshot } from "../../plan/routing/snapshot.ts";
import { serviceAddress, type SocketAddress } from "./service-address.ts";

/** Fields that are about one connection (RFC 9110 §7.6.1, RFC 9112 §9.3), which ends here. */
const OF_THE_CONNECTION = ["connection", "keep-alive", "proxy-connection", "proxy-authorization", "te", "upgrade"];

/**
 * A forward proxy that knows the names of Services, for pods on machines where they cannot have a hosts file of their own. Their
 * namespace comes as the user name of the proxy's URL: `http://default:x@127.64.127.255:10255`. It takes requests to their
 * Service, where all else is decided, and anything else to where its name leads.
 */
export class NamesProxy implements Disposable {
  readonly #snapshot: () => Snapshot | undefined;
  readonly #server: Server;

  constructor(snapshot: () => Snapshot | undefined) {
    this.#snapshot = snapshot;
    this.#server = http.createServer({ requestTimeout: 0 }, (request, response) => this.#forward(request, response));
    this.#server.on("connect", (request: IncomingMessage, client: Duplex, head: Buffer) =>
      this.#tunnel(request, client, head),
    );
  }

  /** Every worker listens on the same address (SO_REUSEPORT). Rejects when it cannot. */
  start({ host, port }: SocketAddress): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen({ host, port, reusePort: true }, () => {
        this.#server.off("error", reject);
        resolve();
      });
    });
  }

  [Symbol.dispose](): void {
    this.#server.close();
    this.#server.closeIdleConnections();
  }

  #forward(request: IncomingMessage, response: ServerResponse): void {
    const [, authority, path] = /^http:\/\/([^/?#]+)(.*)$/i.exec(request.url ?? "") ?? [];
    const asked = authority === undefined ? undefined : parseAuthority(authority, 80);
    if (!asked) return answer(response, 400, "this is a proxy: ask it for http://SERVICE/…");
    const target = serviceAddress(asked, namespaceOf(request), this.#snapshot());
    const outgoing = http.request({
      ...target,
      agent: false,
      method: request.method,
      path: path?.startsWith("/") ? path : `/${path ?? ""}`,
      headers: endToEnd(request.headers, authority ?? ""),
    });
    outgoing.once("response", (incoming) => {
      response.writeHead(incoming.statusCode ?? 502, incoming.statusMessage, endToEnd(incoming.headers));
      incoming.pipe(response);
      incoming.once("error", () => response.destroy());
    });
    outgoing.once("error", (error) => {
      if (response.headersSent) response.destroy();
      else answer(response, 502, `${authority}: ${error.message}`);
    });
    response.once("close", () => outgoing.destroy());
    request.pipe(outgoing);
  }

  #tunnel(request: IncomingMessage, client: Duplex, head: Buffer): void {
    client.on("error", () => undefined);
    const asked = parseAuthority(request.url ?? "", 443);
    if (!asked) return void client.end("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    const server = connect(serviceAddress(asked, namespaceOf(request), this.#snapshot()));
    const refuse = (): void => void client.end("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
    server.once("error", refuse);
    server.once("connect", () => {
      server.off("error", refuse).on("error", () => client.destroy());
      client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      if (head.length > 0) server.write(head);
      server.pipe(client).pipe(server);
    });
    client.once("close", () => server.destroy());
    server.once("close", () => client.destroy());
  }
}

function parseAuthority(authority: string, defaultPort: number): SocketAddress | undefined {
  const [, host = "", digits] = /^(?:[^@]*@)?(\[[^\]]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(authority) ?? [];
  const port = digits === undefined ? defaultPort : Number(digits);
  if (host === "" || port < 1 || port > 65_535) return undefined;
  return { host: host.replace(/^\[(.*)\]$/, "$1"), port };
}

/** The user name that came with the request (RFC 7617). */
function namespaceOf({ headers }: IncomingMessage): string {
  const [, credentials = ""] = /^Basic +(\S+)$/i.exec(headers["proxy-authorization"] ?? "") ?? [];
  return Buffer.from(credentials, "base64").toString().split(":")[0] || "default";
}

function endToEnd(headers: IncomingMessage["headers"], host?: string): OutgoingHttpHeaders {
  const named = (headers.connection ?? "").toLowerCase().split(/\s*,\s*/);
  const dropped = new Set([...OF_THE_CONNECTION, ...named]);
  const kept: OutgoingHttpHeaders = Object.fromEntries(Object.entries(headers).filter(([name]) => !dropped.has(name)));
  return host === undefined ? kept : { ...kept, host };
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain" }).end(`${text}\n`);
}
