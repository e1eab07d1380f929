import { quoteGo } from "../../lib/go-format.ts";
import { decodeBase64 } from "../decode/base64.ts";
import type { Secret } from "../generated/core-v1.ts";
import type { Warnings } from "./warnings.ts";

/**
 * What is wrong with the PEM texts of a certificate and its key, in the words of Go's crypto/tls, which says what it comes upon first.
 * What is inside of the blocks is not looked at.
 */
export function warnOfKeyPair({ type, data = {} }: Secret, warnings: Warnings): void {
  if (type !== "kubernetes.io/tls") return;
  const certificates = blocksOf(data["tls.crt"]);
  const keys = blocksOf(data["tls.key"]);
  if (!certificates.includes("CERTIFICATE")) warnings.add(`tls: ${noCertificate(certificates)}`);
  else if (!keys.some(isKey)) warnings.add(`tls: ${noKey(keys)}`);
}

const isKey = (block: string): boolean => block === "PRIVATE KEY" || block.endsWith(" PRIVATE KEY");

function noCertificate(found: readonly string[]): string {
  if (found.length === 0) return "failed to find any PEM data in certificate input";
  if (found.length === 1 && found[0]?.endsWith("PRIVATE KEY"))
    return (
      "failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been " +
      "switched"
    );
  return `failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [${found.join(" ")}]`;
}

function noKey(found: readonly string[]): string {
  if (found.length === 0) return "failed to find any PEM data in key input";
  if (found.length === 1 && found[0] === "CERTIFICATE")
    return "found a certificate rather than a key in the PEM for the private key";
  return `failed to find PEM block with type ending in ${quoteGo("PRIVATE KEY")} in key input after skipping PEM blocks of the following types: [${found.join(" ")}]`;
}

/** The labels of the PEM blocks (RFC 7468) in a base64 text. */
function blocksOf(base64: string | undefined): string[] {
  const text = new TextDecoder().decode(decodeBase64(base64 ?? ""));
  const blocks = text.matchAll(/^-----BEGIN ([^\n]*?)-----[ \t\r]*\n[^-]*-----END \1-----/gm);
  return [...blocks].map(([, label = ""]) => label);
}
