import type { ServicePort } from "../../api/generated/core-v1.ts";
import type { Protocol } from "./snapshot.ts";

/** What an `appProtocol`, or the part of a port's name before its first `-`, says. What is not here says nothing. */
const DECLARED: ReadonlyMap<string, Protocol> = new Map([
  ...["http", "ws", "kubernetes.io/ws"].map((name) => [name, "http"] as const),
  ...["http2", "h2c", "kubernetes.io/h2c", "grpc", "https", "wss", "kubernetes.io/wss", "tls", "tcp"].map(
    (name) => [name, "tcp"] as const,
  ),
  ...["amqp", "kafka", "mongo", "mysql", "postgres", "postgresql", "redis", "smtp"].map(
    (name) => [name, "tcp"] as const,
  ),
]);

/** Ports whose usual protocols let the server speak first: waiting for the client's first bytes would only cost time. */
const SERVER_FIRST: ReadonlySet<number> = new Set([25, 587, 3306, 4444, 5432, 6379, 9300, 11211]);

/**
 * How the traffic of a Service port is carried. The first that says something decides: `appProtocol`, the port's name
 * (`http`, `http-web`), an attached HTTPRoute (it can mean nothing but HTTP), a port number whose usual protocol
 * lets the server speak first. Otherwise the first bytes of each connection decide.
 */
export function protocolOf(port: ServicePort, hasRoute: boolean): Protocol {
  const declared = declaredProtocol(port);
  if (declared) return declared;
  if (hasRoute) return "http";
  return SERVER_FIRST.has(port.port) ? "tcp" : "detect";
}

/** What the port itself says, if anything. HTTP/2 and TLS are carried as bytes: each connection goes to one endpoint. */
export function declaredProtocol(port: ServicePort): Protocol | undefined {
  if (port.appProtocol !== undefined) return DECLARED.get(port.appProtocol.toLowerCase()) ?? "tcp";
  const [prefix = ""] = (port.name ?? "").split("-");
  return DECLARED.get(prefix);
}
