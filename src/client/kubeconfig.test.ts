import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readKubeconfig } from "./kubeconfig.ts";

const directory = mkdtempSync(join(tmpdir(), "sluice-kubeconfig-"));
afterAll(() => rmSync(directory, { recursive: true }));
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const write = (name: string, text: string): string => {
  writeFileSync(join(directory, name), text);
  return join(directory, name);
};

const yaml = `
apiVersion: v1
kind: Config
clusters:
- name: one
  cluster: { server: "https://127.0.0.1:6443", certificate-authority-data: ${base64("CA")} }
- name: two
  cluster: { server: "https://two", certificate-authority: ca.pem, tls-server-name: kubernetes, insecure-skip-tls-verify: false }
- name: three
  cluster: { server: "https://three", insecure-skip-tls-verify: true }
- name: nowhere
  cluster: {}
users:
- name: admin
  user: { client-certificate-data: ${base64("CERT")}, client-key-data: ${base64("KEY")} }
- name: files
  user: { client-certificate: cert.pem, client-key: ${directory}/key.pem }
- name: token
  user: { token: abc }
- name: token-file
  user: { token: loses, tokenFile: token.txt }
- name: cloud
  user: { exec: { command: gcloud } }
- name: broken
  user: { client-certificate: missing.pem }
contexts:
- { name: one, context: { cluster: one, user: admin } }
- { name: two, context: { cluster: two, user: files, namespace: ftgo } }
- { name: three, context: { cluster: three, user: token } }
- { name: four, context: { cluster: three, user: token-file } }
- { name: anonymous, context: { cluster: three } }
- { name: no-cluster, context: { cluster: absent, user: admin } }
- { name: no-user, context: { cluster: one, user: absent } }
- { name: no-server, context: { cluster: nowhere, user: admin } }
- { name: cloud, context: { cluster: one, user: cloud } }
- { name: broken, context: { cluster: one, user: broken } }
current-context: one
`;
const path = write("config", yaml);
for (const [name, text] of Object.entries({
  "ca.pem": "CA2",
  "cert.pem": "CERT2",
  "key.pem": "KEY2",
  "token.txt": "xyz\n",
})) {
  write(name, text);
}

describe("readKubeconfig()", () => {
  it.each([
    [
      "the current context, data in the file",
      undefined,
      "default",
      { url: "https://127.0.0.1:6443", ca: "CA", certificate: "CERT", key: "KEY" },
    ],
    [
      "a named context, files beside it and elsewhere",
      "two",
      "ftgo",
      { url: "https://two", ca: "CA2", serverName: "kubernetes", certificate: "CERT2", key: "KEY2" },
    ],
    ["a token", "three", "default", { url: "https://three", insecure: true, token: "abc" }],
    ["a token in a file, which wins", "four", "default", { url: "https://three", insecure: true, token: "xyz" }],
    ["nobody", "anonymous", "default", { url: "https://three", insecure: true }],
  ])("reads %s", async (_, context, namespace, endpoint) => {
    expect(await readKubeconfig(path, context)).toEqual({ name: context ?? "one", namespace, endpoint });
  });

  it.each([
    ["absent", 'context "absent" does not exist'],
    ["no-cluster", 'cluster "absent" does not exist'],
    ["no-user", 'user "absent" does not exist'],
    ["no-server", "the cluster has no server"],
    ["cloud", 'user "cloud" logs in by exec, which is not supported'],
    ["broken", `cannot read missing.pem: ENOENT`],
  ])("refuses the context %s", async (context, why) => {
    await expect(readKubeconfig(path, context)).rejects.toMatchObject({
      code: "kubeconfig",
      message: expect.stringContaining(why),
    });
  });

  it.each([
    ["a list", "- 1", "it is not a mapping"],
    ["nothing", "", "it is not a mapping"],
    ["broken YAML", "a: [", "cannot read the kubeconfig"],
    ["broken JSON", "{]", "cannot read the kubeconfig"],
    ["no current context", "kind: Config", "current-context is not set"],
    ["contexts that are no list", "{ current-context: a, contexts: 7 }", 'context "a" does not exist'],
    ["contexts of the wrong kind", '{ "current-context": "a", "contexts": [7] }', 'context "a" does not exist'],
  ])("refuses %s", async (_, text, why) => {
    const wrong = write("wrong", text);
    await expect(readKubeconfig(wrong)).rejects.toMatchObject({
      code: "kubeconfig",
      message: expect.stringContaining(why),
    });
  });

  it("says when there is no file", async () => {
    await expect(readKubeconfig(join(directory, "none"))).rejects.toMatchObject({ code: "kubeconfig" });
  });

  it("reads JSON, which is YAML too", async () => {
    const json = {
      "current-context": "c",
      clusters: [{ name: "c", cluster: { server: "http://x" } }],
      contexts: [{ name: "c", context: { cluster: "c" } }],
    };
    expect((await readKubeconfig(write("json", JSON.stringify(json)))).endpoint).toEqual({ url: "http://x" });
  });
});
