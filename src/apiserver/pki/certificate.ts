import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign, X509Certificate } from "node:crypto";
import {
  bitString,
  boolean,
  explicit,
  objectIdentifier,
  octetString,
  sequence,
  set,
  time,
  tlv,
  unsigned,
  utf8String,
} from "./der.ts";

/** A certificate and the private key to it, both PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

export interface CertificateRequest {
  readonly commonName: string;
  /** In Kubernetes the groups of a client certificate. */
  readonly organizations?: readonly string[];
  readonly usages: readonly ("serverAuth" | "clientAuth")[];
  readonly dnsNames?: readonly string[];
  /** IPv4. */
  readonly addresses?: readonly string[];
  /** Milliseconds since the epoch; certificates count in whole seconds. */
  readonly notBefore: number;
  readonly notAfter: number;
}

const ECDSA_WITH_SHA256 = sequence(objectIdentifier("1.2.840.10045.4.3.2"));
const USAGE_OIDS = { serverAuth: "1.3.6.1.5.5.7.3.1", clientAuth: "1.3.6.1.5.5.7.3.2" } as const;
const [COMMON_NAME, ORGANIZATION] = ["2.5.4.3", "2.5.4.10"] as const;

/** Makes a P-256 key and a certificate authority's own certificate for it (RFC 5280 section 4). */
export function createAuthority(commonName: string, notBefore: number, notAfter: number): KeyPair {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = distinguishedName(commonName, []);
  const extensions = [
    extension("2.5.29.19", true, sequence(boolean(true))),
    extension("2.5.29.15", true, bitString(Buffer.from([0b0000_0110]), 1)), // keyCertSign, cRLSign
    subjectKeyIdentifier(publicKey),
  ];
  const certificate = signed(name, name, publicKey, privateKey, notBefore, notAfter, extensions);
  return { certificate, key: exportKey(privateKey) };
}

/** Makes a P-256 key and a certificate for it, signed by `authority`. */
export function issue(authority: KeyPair, request: CertificateRequest): KeyPair {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const issuer = new X509Certificate(authority.certificate);
  const extensions = [
    extension("2.5.29.19", true, sequence()),
    extension("2.5.29.15", true, bitString(Buffer.from([0b1000_0000]), 7)), // digitalSignature
    extension("2.5.29.37", false, sequence(...request.usages.map((usage) => objectIdentifier(USAGE_OIDS[usage])))),
    subjectKeyIdentifier(publicKey),
    extension("2.5.29.35", false, sequence(tlv(0x80, keyIdentifier(issuer.publicKey)))),
    ...subjectAlternativeNames(request),
  ];
  const certificate = signed(
    distinguishedName(commonNameOf(issuer), []),
    distinguishedName(request.commonName, request.organizations ?? []),
    publicKey,
    authority.key,
    request.notBefore,
    request.notAfter,
    extensions,
  );
  return { certificate, key: exportKey(privateKey) };
}

function commonNameOf(certificate: X509Certificate): string {
  return /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? "";
}

function signed(
  issuer: Buffer,
  subject: Buffer,
  publicKey: KeyObject,
  signingKey: KeyObject | string,
  notBefore: number,
  notAfter: number,
  extensions: readonly Buffer[],
): string {
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const body = sequence(
    explicit(0, unsigned(Buffer.from([2]))), // version 3
    unsigned(serial),
    ECDSA_WITH_SHA256,
    issuer,
    sequence(time(notBefore), time(notAfter)),
    subject,
    publicKey.export({ type: "spki", format: "der" }),
    explicit(3, sequence(...extensions)),
  );
  const der = sequence(body, ECDSA_WITH_SHA256, bitString(sign("sha256", body, signingKey)));
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

/** Kubernetes reads groups from all organisations, so each is an attribute of its own. */
function distinguishedName(commonName: string, organizations: readonly string[]): Buffer {
  const attribute = (oid: string, value: string): Buffer => set(sequence(objectIdentifier(oid), utf8String(value)));
  return sequence(
    ...organizations.map((organization) => attribute(ORGANIZATION, organization)),
    attribute(COMMON_NAME, commonName),
  );
}

function extension(oid: string, critical: boolean, value: Buffer): Buffer {
  return sequence(objectIdentifier(oid), ...(critical ? [boolean(true)] : []), octetString(value));
}

function subjectKeyIdentifier(publicKey: KeyObject): Buffer {
  return extension("2.5.29.14", false, octetString(keyIdentifier(publicKey)));
}

/** SHA-1 over the key bits, method 1 of RFC 5280 section 4.2.1.2; for P-256 those are the last 65 bytes of the SPKI. */
function keyIdentifier(publicKey: KeyObject): Buffer {
  const spki = publicKey.export({ type: "spki", format: "der" });
  return createHash("sha1").update(spki.subarray(-65)).digest();
}

function subjectAlternativeNames({ dnsNames = [], addresses = [] }: CertificateRequest): Buffer[] {
  if (dnsNames.length + addresses.length === 0) return [];
  const names = [
    ...dnsNames.map((name) => tlv(0x82, Buffer.from(name))),
    ...addresses.map((address) => tlv(0x87, Buffer.from(address.split(".").map(Number)))),
  ];
  return [extension("2.5.29.17", false, sequence(...names))];
}

function exportKey(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}
