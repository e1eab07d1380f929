import type { TLSSocket } from "node:tls";
import type { User } from "../auth/user.ts";

/** What a TLS connection says of its client: a user, nothing, or a certificate that our authority did not sign. */
export function clientCertificate(socket: TLSSocket): User | "bad" | undefined {
  const { subject } = socket.getPeerCertificate();
  if (!subject) return undefined;
  if (!socket.authorized) return "bad";
  const [username = ""] = listOf(subject.CN);
  return username === "" ? "bad" : { username, groups: listOf(subject.O) };
}

/** An attribute that a name has several times is a list. */
function listOf(attribute: string | string[] | undefined): string[] {
  if (attribute === undefined) return [];
  return Array.isArray(attribute) ? attribute : [attribute];
}
