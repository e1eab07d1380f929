/**
 * What the FTGO services have in common: routing, JSON, health, counting, a graceful end. Each image carries its own copy,
 * as services of different teams do; a test keeps the copies equal.
 */
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";

export interface Request {
  readonly params: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly headers: IncomingHttpHeaders;
}

export interface Reply {
  readonly status: number;
  readonly body?: unknown;
}

export type Route = readonly [method: string, pattern: string, handle: (request: Request) => Reply | Promise<Reply>];

export interface Service {
  readonly name: string;
  readonly version: string;
  readonly host: string;
  readonly port: number;
  readonly routes: readonly Route[];
  /** Throws when the service cannot do its work. */
  readonly health: () => void;
}

/** A reply other than success, thrown from anywhere in a handler. */
export class HttpError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Headers that a service passes on to the services it calls: who tests, and which trace this belongs to. */
export function passedOn(headers: IncomingHttpHeaders): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const name of ["testuser", "traceparent", "tracestate", "x-user-id"]) {
    const value = headers[name];
    if (typeof value === "string") passed[name] = value;
  }
  return passed;
}

const MAX_BODY = 1024 * 1024;

/** Listens on `host:port` until SIGTERM, then ends the requests that are in flight and exits. */
export function serve(service: Service): Server {
  const counts = { users: 0, testers: 0, failed: 0 };
  const routes = service.routes.map(([method, pattern, handle]) => ({ method, path: compile(pattern), handle }));
  const server = createServer((request, response) => {
    void answer(request).then(({ status, body }) => {
      if (status >= 500) counts.failed++;
      send(response, service.version, status, body);
    });
  });

  async function answer(request: IncomingMessage): Promise<Reply> {
    const path = new URL(request.url ?? "/", "http://service").pathname;
    if (path === "/actuator/health") return health(service);
    if (path === "/actuator/requests") return { status: 200, body: counts };
    if (request.headers["testuser"] !== undefined) counts.testers++;
    else if (!request.headers["user-agent"]?.startsWith("sluice-")) counts.users++;
    try {
      for (const { method, path: matches, handle } of routes) {
        const params = matches(path);
        if (params && method === request.method)
          return await handle({ params, headers: request.headers, body: await readJson(request) });
      }
      return { status: 404, body: { error: `no ${request.method} ${path} here` } };
    } catch (error) {
      if (error instanceof HttpError) return { status: error.status, body: { error: error.message } };
      console.error(error);
      return { status: 500, body: { error: "internal error" } };
    }
  }

  process.once("SIGTERM", () => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  });
  server.listen(service.port, service.host, () => {
    const { port } = server.address() as AddressInfo;
    console.log(`${service.name} ${service.version} listens on ${service.host}:${port}`);
  });
  return server;
}

function health(service: Service): Reply {
  try {
    service.health();
    return { status: 200, body: { status: "UP" } };
  } catch (error) {
    return { status: 503, body: { status: "DOWN", details: { error: (error as Error).message } } };
  }
}

/** `/orders/{orderId}` → a function from a path to its parameters, or undefined. */
function compile(pattern: string): (path: string) => Record<string, string> | undefined {
  const expression = new RegExp(`^${pattern.replaceAll(/\{(\w+)\}/g, "(?<$1>[^/]+)")}$`);
  return (path) => {
    const match = expression.exec(path);
    return match ? { ...match.groups } : undefined;
  };
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) throw new HttpError(413, "the body is too large");
    chunks.push(chunk);
  }
  if (size === 0) return {};
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8")) as unknown;
  } catch {
    throw new HttpError(400, "the body is not JSON");
  }
}

function send(response: ServerResponse, version: string, status: number, body: unknown): void {
  const text = body === undefined ? "" : JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    "ftgo-version": version,
  });
  response.end(text);
}

/** The environment variable of a configuration property; without a default it must be set. */
export function property(name: string, fallback?: string): string {
  const value = process.env[name] ?? fallback;
  if (value === undefined) throw new Error(`environment variable ${name} is not set`);
  return value;
}
