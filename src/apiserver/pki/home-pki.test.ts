import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openPki, type Pki } from "./home-pki.ts";

const NOW = Date.parse("2026-03-01T00:00:00Z");
const DAY = 24 * 60 * 60 * 1000;
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "sluice-pki-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const open = (now = NOW, serviceAddress = "127.64.0.1"): Pki =>
  openPki({ directory, serviceAddress, nodeName: "sluice", now });

describe("openPki()", () => {
  test("makes certificates that the authority signed and that name their owner", () => {
    const pki = open();
    const ca = new X509Certificate(pki.ca);
    expect(ca.ca).toBe(true);
    expect(ca.verify(ca.publicKey)).toBe(true);
    for (const pair of [pki.server, pki.admin, pki.mesh, pki.kubelet, pki.kubeletClient]) {
      const certificate = new X509Certificate(pair.certificate);
      expect(certificate.verify(ca.publicKey)).toBe(true);
      expect(certificate.checkIssued(ca)).toBe(true);
      expect(certificate.ca).toBe(false);
    }
    expect(new X509Certificate(pki.admin.certificate).subject).toBe("O=system:masters\nCN=sluice-admin");
    expect(new X509Certificate(pki.kubelet.certificate).subject).toBe("O=system:nodes\nCN=system:node:sluice");
  });

  test("names every address of the server", () => {
    const server = new X509Certificate(open().server.certificate);
    for (const name of ["localhost", "kubernetes.default.svc"]) expect(server.checkHost(name)).toBe(name);
    for (const address of ["127.0.0.1", "127.64.0.1"]) expect(server.checkIP(address)).toBe(address);
    expect(server.checkIP("127.64.0.2")).toBeUndefined();
  });

  test("keeps what is there", () => {
    const made = open();
    expect(open(NOW + DAY)).toEqual(made);
  });

  test("keeps keys for the owner only", () => {
    open();
    for (const file of ["ca.key", "server.key", "sa.key", "admin.token"])
      expect(statSync(join(directory, file)).mode & 0o777).toBe(0o600);
  });

  test("renews a certificate that is near its end, and keeps the authority", () => {
    const before = open();
    const after = open(NOW + 320 * DAY);
    expect(after.ca).toBe(before.ca);
    expect(after.admin.certificate).not.toBe(before.admin.certificate);
    expect(after.serviceAccountKey).toBe(before.serviceAccountKey);
  });

  test("makes a server certificate anew when the service address changes", () => {
    const before = open();
    const after = open(NOW, "127.65.0.1");
    expect(after.server.certificate).not.toBe(before.server.certificate);
    expect(after.admin).toEqual(before.admin);
  });

  const damages: readonly [string, (file: (name: string) => string) => void][] = [
    ["half a certificate", (file) => writeFileSync(file("admin.crt"), readFileSync(file("admin.crt")).subarray(0, 99))],
    ["an empty key", (file) => writeFileSync(file("admin.key"), "")],
    ["a key of another certificate", (file) => writeFileSync(file("admin.key"), readFileSync(file("mesh.key")))],
    ["a missing key", (file) => rmSync(file("admin.key"))],
    ["another authority", (file) => rmSync(file("ca.key"))],
  ];
  test.each(damages)("mends %s", (_, damage) => {
    open();
    damage((name) => join(directory, name));
    const pki = open();
    const admin = new X509Certificate(pki.admin.certificate);
    expect(admin.verify(new X509Certificate(pki.ca).publicKey)).toBe(true);
    expect(open()).toEqual(pki);
  });

  test("says where it could not write", () => {
    writeFileSync(join(directory, "file"), "");
    const at = join(directory, "file", "pki");
    expect(() => openPki({ directory: at, serviceAddress: "127.64.0.1", nodeName: "n", now: NOW })).toThrow(
      /^cannot keep keys and certificates in .*ENOTDIR/,
    );
  });
});
