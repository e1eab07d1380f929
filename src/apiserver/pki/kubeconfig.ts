import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { KeyPair } from "./certificate.ts";

export interface KubeconfigOptions {
  /** `https://127.0.0.1:6443` */
  readonly server: string;
  /** PEM of the authority that signed the server's certificate. */
  readonly ca: string;
  readonly client: KeyPair;
}

/**
 * A kubeconfig (https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/) with one cluster, one user and one context,
 * all named `sluice`, and everything inline, so that it can be moved. Written as JSON, which is YAML too: our own processes read it
 * without a YAML parser.
 */
export function kubeconfig({ server, ca, client }: KubeconfigOptions): string {
  const base64 = (pem: string): string => Buffer.from(pem).toString("base64");
  const name = "sluice";
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster: { server, "certificate-authority-data": base64(ca) } }],
    users: [
      {
        name,
        user: {
          "client-certificate-data": base64(client.certificate),
          "client-key-data": base64(client.key),
        },
      },
    ],
    contexts: [{ name, context: { cluster: name, user: name } }],
    "current-context": name,
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

/** Writes the kubeconfig for its owner's eyes only; leaves a file that is right already untouched. */
export function writeKubeconfig(path: string, options: KubeconfigOptions): void {
  const content = kubeconfig(options);
  if (readIfThere(path) === content) return;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(`${path}.new`, content, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined; // missing or unreadable: the write that follows says what is wrong
  }
}
