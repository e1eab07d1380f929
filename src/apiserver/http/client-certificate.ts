import type { TLSSocket } from "node:tls";
import { CREDENTIAL_ID, type User } from "../auth/user.ts";

/** What a TLS connection says of its client: a user, nothing, or a certificate that our authority did not sign. */
export function clientCertificate(socket: TLSSocket): User | "bad" | undefined {
  const { subject, fingerprint256 } = socket.getPeerCertificate();
  if (!subject) return undefined;
  if (!socket.authorized) return "bad";
  const [username = ""] = listOf(subject.CN);
  if (username === "") return "bad";
  return {
    username,
    groups: listOf(subject.O),
    extra: { [CREDENTIAL_ID]: [`X509SHA256=${plainHex(fingerprint256)}`] },
  };
}

/** `AB:CD` → `abcd` */
function plainHex(fingerprint: string): string {
  return fingerprint.replaceAll(":", "").toLowerCase();
}

/** An attribute that a name has several times is a list. */
function listOf(attribute: string | string[] | undefined): string[] {
  if (attribute === undefined) return [];
  return Array.isArray(attribute) ? attribute : [attribute];
}
