import { createPrivateKey, generateKeyPairSync, randomBytes, X509Certificate } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "../../lib/app-error.ts";
import { type CertificateRequest, createAuthority, issue, type KeyPair } from "./certificate.ts";

/** Everything that is secret in a home, PEM where it is a key or a certificate. */
export interface Pki {
  /** The authority's certificate: what clients trust. */
  readonly ca: string;
  /** The API server's own certificate. */
  readonly server: KeyPair;
  /** The administrator of the kubeconfig: group system:masters. */
  readonly admin: KeyPair;
  /** The mesh workers. */
  readonly mesh: KeyPair;
  /** The node agent: serves logs with it, and is `system:node:…` to the API. */
  readonly kubelet: KeyPair;
  /** The API server when it calls a kubelet. */
  readonly kubeletClient: KeyPair;
  /** Signs service-account tokens (P-256, PKCS #8). */
  readonly serviceAccountKey: string;
  /** A bearer token with the rights of the administrator. */
  readonly adminToken: string;
}

export interface PkiOptions {
  /** `pki/` of the home; made when it is missing. */
  readonly directory: string;
  /** The address of the Service `kubernetes`, 127.S.0.1. */
  readonly serviceAddress: string;
  readonly nodeName: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const DAY = 24 * 60 * 60 * 1000;
const AUTHORITY_LIFE = 3650 * DAY;
const CERTIFICATE_LIFE = 365 * DAY;
/** A certificate with less time left than this is made anew at the next start. */
const RENEW_BEFORE = 60 * DAY;
/** Certificates are valid from a little earlier, for clocks of other machines that are behind. */
const BACKDATE = 60 * 60 * 1000;

type Subject = Omit<CertificateRequest, "notBefore" | "notAfter">;

/**
 * Reads the keys and certificates of a home, and makes what is missing, near its end, or does not belong together
 * (a crash between two files, a new authority). Throws AppError `pki.unwritable` when the directory cannot be written.
 */
export function openPki(options: PkiOptions): Pki {
  const { directory } = options;
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const authority = openAuthority(directory, options.now);
    const open = (file: string, subject: Subject): KeyPair =>
      openCertificate(directory, file, authority, subject, options.now);
    return {
      ca: authority.certificate,
      server: open("server", serverSubject(options.serviceAddress)),
      admin: open("admin", { commonName: "sluice-admin", organizations: ["system:masters"], usages: ["clientAuth"] }),
      mesh: open("mesh", { commonName: "system:sluice:mesh", usages: ["clientAuth"] }),
      kubelet: open("kubelet", {
        commonName: `system:node:${options.nodeName}`,
        organizations: ["system:nodes"],
        usages: ["serverAuth", "clientAuth"],
        dnsNames: ["localhost", options.nodeName],
        addresses: ["127.0.0.1"],
      }),
      kubeletClient: open("kubelet-client", { commonName: "kube-apiserver-kubelet-client", usages: ["clientAuth"] }),
      serviceAccountKey: openFile(directory, "sa.key", () =>
        generateKeyPairSync("ec", { namedCurve: "P-256" })
          .privateKey.export({ type: "pkcs8", format: "pem" })
          .toString(),
      ),
      adminToken: openFile(directory, "admin.token", () => randomBytes(32).toString("base64url")).trim(),
    };
  } catch (error) {
    if (!isFileError(error)) throw error;
    throw new AppError("pki.unwritable", `cannot keep keys and certificates in ${directory}: ${error.message}`, {
      cause: error,
    });
  }
}

function serverSubject(serviceAddress: string): Subject {
  const service = [
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
  ];
  return {
    commonName: "kube-apiserver",
    usages: ["serverAuth"],
    dnsNames: ["localhost", ...service],
    addresses: ["127.0.0.1", serviceAddress],
  };
}

function openAuthority(directory: string, now: number): KeyPair {
  const kept = readPair(directory, "ca");
  if (kept && isGood(kept, now) && new X509Certificate(kept.certificate).ca) return kept;
  return writePair(directory, "ca", createAuthority("sluice-ca", now - BACKDATE, now + AUTHORITY_LIFE));
}

function openCertificate(directory: string, file: string, ca: KeyPair, subject: Subject, now: number): KeyPair {
  const kept = readPair(directory, file);
  if (kept && isGood(kept, now)) {
    const certificate = new X509Certificate(kept.certificate);
    const issued = certificate.verify(new X509Certificate(ca.certificate).publicKey);
    if (issued && covers(certificate, subject)) return kept;
  }
  return writePair(
    directory,
    file,
    issue(ca, { ...subject, notBefore: now - BACKDATE, notAfter: now + CERTIFICATE_LIFE }),
  );
}

function covers(certificate: X509Certificate, { dnsNames = [], addresses = [] }: Subject): boolean {
  return (
    dnsNames.every((name) => certificate.checkHost(name) !== undefined) &&
    addresses.every((address) => certificate.checkIP(address) !== undefined)
  );
}

function isGood(pair: KeyPair, now: number): boolean {
  try {
    const certificate = new X509Certificate(pair.certificate);
    return (
      certificate.checkPrivateKey(createPrivateKey(pair.key)) &&
      certificate.validFromDate.getTime() <= now &&
      certificate.validToDate.getTime() - now > RENEW_BEFORE
    );
  } catch {
    return false; // half a file, or no PEM at all
  }
}

function readPair(directory: string, name: string): KeyPair | undefined {
  const certificate = read(join(directory, `${name}.crt`));
  const key = read(join(directory, `${name}.key`));
  return certificate === undefined || key === undefined ? undefined : { certificate, key };
}

function writePair(directory: string, name: string, pair: KeyPair): KeyPair {
  write(join(directory, `${name}.key`), pair.key);
  write(join(directory, `${name}.crt`), pair.certificate);
  return pair;
}

function openFile(directory: string, name: string, make: () => string): string {
  const path = join(directory, name);
  const kept = read(path);
  if (kept) return kept;
  const made = make();
  write(path, made);
  return made;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isFileError(error) && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** In one step, so that a reader never sees half a key. */
function write(path: string, content: string): void {
  writeFileSync(`${path}.new`, content, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error && "code" in error;
}
