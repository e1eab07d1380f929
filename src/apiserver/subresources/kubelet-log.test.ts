import type { RequestListener } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { TLSSocket } from "node:tls";
import { afterEach, expect, test } from "vitest";
import { tlsIdentity } from "../../../test/support/tls-identity.ts";
import { openKubeletLog } from "./kubelet-log.ts";

const identity = tlsIdentity();
let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

/** A kubelet, and the log of one of its containers. */
async function logFrom(answer: RequestListener, query = "", signal = new AbortController().signal) {
  const { certificate: cert, key } = identity;
  server = createServer({ cert, key, requestCert: true, rejectUnauthorized: false }, answer);
  await new Promise<void>((resolve) => server!.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const location = { host: "127.0.0.1", port, path: "/containerLogs/a/p/main" };
  return openKubeletLog(location, new URLSearchParams(query), identity, "p", signal);
}

test("is what the kubelet sends, to whom it knows by certificate", async () => {
  const log = await logFrom((request, response) => {
    const { subject } = (request.socket as TLSSocket).getPeerCertificate();
    response.end(`${request.url} for ${String(subject.CN)}`);
  }, "tailLines=5");
  expect(await text(log)).toBe("/containerLogs/a/p/main?tailLines=5 for sluice-test");
});

test("comes as it is written", async () => {
  const { promise: more, resolve } = Promise.withResolvers<void>();
  const log = await logFrom((_, response) => {
    response.write("first");
    void more.then(() => response.end("second"));
  });
  const chunks = log.iterator();
  expect(String((await chunks.next()).value)).toBe("first");
  resolve();
  expect(String((await chunks.next()).value)).toBe("second");
});

test.each<[code: number, message: string]>([
  [400, 'container "main" in pod "p" is waiting to start: ContainerCreating'],
  [404, "the server could not find the requested resource ( pods p)"],
  [500, "Internal error occurred: broken"],
])("is refused as the kubelet refuses it: %d", async (code, message) => {
  const body = code === 400 ? message : "broken";
  const log = logFrom((_, response) => void response.writeHead(code).end(body));
  await expect(log).rejects.toMatchObject({ message });
});

test("of a long refusal shows the beginning", async () => {
  const log = logFrom((_, response) => void response.writeHead(400).end("x".repeat(50_000)));
  await expect(log).rejects.toMatchObject({ message: "x".repeat(10_000) });
});

test("says when nobody answers", async () => {
  await logFrom((_, response) => void response.end());
  const { port } = server!.address() as AddressInfo;
  server!.closeAllConnections();
  await new Promise((resolve) => server!.close(resolve));
  const location = { host: "127.0.0.1", port, path: "/containerLogs/a/p/main" };
  const log = openKubeletLog(location, new URLSearchParams(), identity, "p", new AbortController().signal);
  await expect(log).rejects.toMatchObject({
    message: `Get "https://127.0.0.1:${port}/containerLogs/a/p/main": dial tcp 127.0.0.1:${port}: connect: connection refused`,
  });
});

test("ends with its reader", async () => {
  const reader = new AbortController();
  const { promise: left, resolve } = Promise.withResolvers<void>();
  const log = await logFrom(
    (_, response) => {
      response.on("close", resolve);
      response.write("first");
    },
    "follow=true",
    reader.signal,
  );
  log.on("error", () => undefined);
  reader.abort();
  await left;
});
