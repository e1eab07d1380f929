import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { PodSpec } from "../runtime.ts";

/** The files in /etc that a pod's containers share: `pods/<uid>/etc` of the home. */
export class PodFiles {
  readonly #podsDir: string;

  constructor(podsDir: string) {
    this.#podsDir = podsDir;
  }

  /** Brings the files up to date in place: they are bound into running containers, which see the change. */
  write({ uid, hostname, hosts, resolvConf }: PodSpec): void {
    const paths = this.paths(uid);
    mkdirSync(join(this.#podsDir, uid, "etc"), { recursive: true });
    writeInPlace(paths.hosts, hosts);
    writeInPlace(paths.hostname, `${hostname}\n`);
    writeInPlace(paths.resolvConf, resolvConf ?? readIfThere("/etc/resolv.conf"));
  }

  paths(uid: string): { readonly hosts: string; readonly resolvConf: string; readonly hostname: string } {
    const dir = join(this.#podsDir, uid, "etc");
    return { hosts: join(dir, "hosts"), resolvConf: join(dir, "resolv.conf"), hostname: join(dir, "hostname") };
  }

  hostname(uid: string): string {
    return readIfThere(this.paths(uid).hostname).trim() || "pod";
  }
}

/** Keeps the inode, and never shows an empty file: the new text is laid over the old one, then the rest is cut off. */
function writeInPlace(path: string, text: string): void {
  if (readIfThere(path) === text) return;
  const bytes = Buffer.from(text);
  const file = openSync(path, "a", 0o644);
  closeSync(file);
  const descriptor = openSync(path, "r+");
  try {
    writeSync(descriptor, bytes, 0, bytes.length, 0);
    ftruncateSync(descriptor, bytes.length);
  } finally {
    closeSync(descriptor);
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
