import { readFileSync } from "node:fs";

const read = (file: string): string => readFileSync(new URL(`../testdata/tls/${file}`, import.meta.url), "utf8");

/**
 * A certificate for 127.0.0.1 and localhost that is its own authority, and its key; both PEM. Made for tests and known to everybody:
 * openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 -subj /CN=sluice-test
 *   -addext subjectAltName=IP:127.0.0.1,DNS:localhost -addext basicConstraints=critical,CA:TRUE
 */
export function tlsIdentity(): { readonly certificate: string; readonly key: string } {
  return { certificate: read("certificate.pem"), key: read("key.pem") };
}
