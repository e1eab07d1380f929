import type { IncomingMessage } from "node:http";
import { type ClientHttp2Session, connect } from "node:http2";
import { type RequestOptions, request } from "node:https";
import type { EmbeddedApiServer } from "./embedded-api-server.ts";

export interface Call {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: Buffer;
}

/** As whom: the administrator's certificate, nobody, or another key pair. */
export type As = "admin" | "nobody" | { readonly certificate: string; readonly key: string };

export function identityOf({ running: { pki } }: EmbeddedApiServer, as: As): { cert?: string; key?: string } {
  if (as === "nobody") return {};
  const pair = as === "admin" ? pki.admin : as;
  return { cert: pair.certificate, key: pair.key };
}

export function http2Session(server: EmbeddedApiServer, as: As = "admin"): ClientHttp2Session {
  return connect(server.running.url, { ca: server.running.pki.ca, ...identityOf(server, as) });
}

export function callHttp2(session: ClientHttp2Session, { method = "GET", path, headers, body }: Call): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ":method": method, ":path": path, ...headers });
    const chunks: Buffer[] = [];
    let head: Answer["headers"] = {};
    stream.on("response", (received) => {
      head = received as Answer["headers"];
    });
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => resolve({ status: Number(head[":status"]), headers: head, bytes: Buffer.concat(chunks) }));
    stream.on("error", reject);
    stream.end(body);
  });
}

/** Over HTTP/1.1 on a connection of its own; resolves when the head of the answer is there. */
export function openHttp1(
  server: EmbeddedApiServer,
  { method = "GET", path, headers = {}, body }: Call,
  as: As = "admin",
): Promise<IncomingMessage> {
  const options: RequestOptions = {
    host: "127.0.0.1",
    port: server.running.server.port,
    method,
    path,
    headers,
    ca: server.running.pki.ca,
    agent: false,
    ...identityOf(server, as),
  };
  return new Promise((resolve, reject) => {
    request(options, resolve).on("error", reject).end(body);
  });
}

export async function callHttp1(server: EmbeddedApiServer, call: Call, as: As = "admin"): Promise<Answer> {
  const response = await openHttp1(server, call, as);
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode ?? 0, headers: response.headers, bytes: Buffer.concat(chunks) };
}
