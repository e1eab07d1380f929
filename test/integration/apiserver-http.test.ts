import { connect as connectTls } from "node:tls";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ConfigMap } from "../../src/api/generated/core-v1.ts";
import { configmaps } from "../../src/api/generated/resources.ts";
import { createAuthority, issue } from "../../src/apiserver/pki/certificate.ts";
import type { ApiClient } from "../../src/client/api-client.ts";
import { type Answer, callHttp1, callHttp2, http2Session, openHttp1 } from "../support/api-call.ts";
import { type EmbeddedApiServer, embeddedApiServer } from "../support/embedded-api-server.ts";

let server: EmbeddedApiServer;
let client: ApiClient;
beforeAll(async () => {
  server = await embeddedApiServer();
  client = server.running.server.client({ username: "test", groups: ["system:masters"] });
});
afterAll(() => server[Symbol.asyncDispose]());

const json = ({ bytes }: Answer): Record<string, unknown> => JSON.parse(bytes.toString()) as Record<string, unknown>;
const MAPS = "/api/v1/namespaces/default/configmaps";
const PODS = "/api/v1/namespaces/default/pods";
const create = (name: string, data: Record<string, string> = {}): Promise<ConfigMap> =>
  client.create(configmaps, { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default" }, data });

describe("one port", () => {
  test("speaks HTTP/2", async () => {
    const session = http2Session(server);
    const answers = await Promise.all(["/version", "/readyz", MAPS].map((path) => callHttp2(session, { path })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    const made = await callHttp2(session, {
      method: "POST",
      path: MAPS,
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ metadata: { name: "by-h2" }, nope: 1 }),
    });
    expect(made.status).toBe(201);
    expect(made.headers["warning"]).toBe('299 - "unknown field \\"nope\\""');
    session.close();
  });

  test("speaks HTTP/1.1", async () => {
    const answer = await callHttp1(server, { path: "/version" });
    expect(json(answer)["minor"]).toBe("36");
    expect(answer.headers).toMatchObject({ "cache-control": "no-cache, private", "content-type": "application/json" });
  });

  test("gives big answers compressed to those who take them so", async () => {
    await create("big", { big: "x".repeat(200 * 1024) });
    const plain = await callHttp1(server, { path: `${MAPS}/big` });
    const small = await callHttp1(server, { path: `${MAPS}/big`, headers: { "accept-encoding": "gzip" } });
    expect(plain.headers["content-encoding"]).toBeUndefined();
    expect(small.headers["content-encoding"]).toBe("gzip");
    expect(small.bytes.length).toBeLessThan(10_000);
    expect(gunzipSync(small.bytes)).toEqual(plain.bytes);
  });

  test.each(["declared", "undeclared"])("refuses a body that is too big, %s", async (how) => {
    const body = JSON.stringify({ metadata: { name: "huge" }, data: { big: "x".repeat(3 * 1024 * 1024) } });
    const headers: Record<string, string> =
      how === "declared" ? { "content-length": String(body.length) } : { "transfer-encoding": "chunked" };
    const answer = await callHttp1(server, { method: "POST", path: MAPS, headers, body }).catch(
      (error: Error) => error,
    );
    // The answer comes before the body is through, so the connection may break under the client that still sends.
    if (answer instanceof Error) expect(answer.message).toMatch(/EPIPE|ECONNRESET|hang up/);
    else expect(json(answer)).toMatchObject({ code: 413, message: "Request entity too large: limit is 3145728" });
  });

  test.each([
    [
      "a version that has not come yet",
      "GET",
      `${MAPS}/x?resourceVersion=99999999999`,
      504,
      /^Timeout: Too large resource/,
    ],
    [
      "a version that is none",
      "GET",
      `${MAPS}/x?resourceVersion=x`,
      500,
      /^resourceVersion: Invalid value: "x": strconv/,
    ],
    ["a name with a slash", "GET", `${MAPS}/a%2Fb`, 404, /^the server could not find the requested resource$/],
    ["a patch of nothing, before it is read", "PATCH", `${MAPS}/x`, 404, /^configmaps "x" not found$/],
    [
      "options of a log before its pod",
      "GET",
      `${PODS}/x/log?tailLines=-1`,
      422,
      /^PodLogOptions "x" is invalid: tailLines/,
    ],
  ])("refuses %s", async (_, method, path, status, message) => {
    const headers: Record<string, string> =
      method === "PATCH" ? { "content-type": "application/merge-patch+json" } : {};
    const answer = await callHttp1(server, { method, path, headers, ...(method === "PATCH" && { body: "{" }) });
    expect(answer.status).toBe(status);
    expect(json(answer)["message"]).toMatch(message);
  });

  test("answers an upgrade with a Status", async () => {
    const answer = await callHttp1(server, {
      path: "/api/v1/namespaces/default/pods/p/exec?command=sh",
      headers: {
        connection: "Upgrade",
        upgrade: "websocket",
        "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
        "sec-websocket-version": "13",
      },
    });
    expect(answer.status).toBe(501);
    expect(json(answer)).toMatchObject({
      kind: "Status",
      message: "this server does not serve exec, attach or port-forward",
    });
  });

  test("survives what is no HTTP", async () => {
    const socket = connectTls({ host: "127.0.0.1", port: server.running.server.port, ca: server.running.pki.ca });
    socket.resume().write("rubbish\r\n\r\n");
    await new Promise((resolve) => socket.on("close", resolve).on("error", () => undefined));
    expect((await callHttp1(server, { path: "/readyz" })).status).toBe(200);
  });
});

test("tells who issues tokens and how they are verified", async () => {
  const found = await callHttp1(server, { path: "/.well-known/openid-configuration" });
  expect(json(found)).toEqual({
    issuer: "https://kubernetes.default.svc",
    jwks_uri: `${server.running.url}/openid/v1/jwks`,
    response_types_supported: ["id_token"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["ES256"],
  });
  const keys = await callHttp1(server, { path: "/openid/v1/jwks" });
  expect(keys.headers).toMatchObject({
    "content-type": "application/jwk-set+json",
    "cache-control": "public, max-age=3600",
  });
  expect(json(keys)).toMatchObject({ keys: [{ use: "sig", kty: "EC", crv: "P-256", alg: "ES256" }] });
});

describe("who asks", () => {
  const me = async (as: Parameters<typeof callHttp1>[2], headers: Record<string, string> = {}): Promise<unknown> => {
    const path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    const answer = await callHttp1(server, { method: "POST", path, headers, body: "{}" }, as);
    const { status, code, message } = json(answer) as {
      status?: { userInfo?: unknown };
      code?: number;
      message?: string;
    };
    return status?.userInfo ?? `${code} ${message}`;
  };

  test("is told by the certificate", async () => {
    const shown = {
      "authentication.kubernetes.io/credential-id": [expect.stringMatching(/^X509SHA256=[0-9a-f]{64}$/)],
    };
    expect(await me("admin")).toEqual({
      username: "sluice-admin",
      groups: ["system:masters", "system:authenticated"],
      extra: shown,
    });
    expect(await me(server.running.pki.kubelet)).toEqual({
      username: "system:node:test",
      groups: ["system:nodes", "system:authenticated"],
      extra: shown,
    });
  });

  test("is told by the administrator's token", async () => {
    const authorization = `Bearer ${server.running.pki.adminToken}`;
    expect(await me("nobody", { authorization })).toMatchObject({ username: "sluice-admin" });
  });

  test("is nobody without either", async () => {
    expect(await me("nobody")).toMatch(/^403 .*User "system:anonymous" cannot create resource "selfsubjectreviews"/);
  });

  test("is refused with the certificate of another authority", async () => {
    const now = Date.now();
    const life = [now - 1000, now + 60_000] as const;
    const other = createAuthority("other", ...life);
    const forged = issue(other, {
      commonName: "sluice-admin",
      organizations: ["system:masters"],
      usages: ["clientAuth"],
      notBefore: life[0],
      notAfter: life[1],
    });
    expect(await me(forged)).toBe("401 Unauthorized");
  });

  test("is known over HTTP/2 too, on every stream of the connection", async () => {
    const session = http2Session(server, server.running.pki.mesh);
    const read = (): Promise<Answer> => callHttp2(session, { path: "/api/v1/services" });
    expect((await read()).status).toBe(200);
    expect((await read()).status).toBe(200);
    const secrets = await callHttp2(session, { path: "/api/v1/secrets" });
    expect(json(secrets)["message"]).toBe(
      'secrets is forbidden: User "system:sluice:mesh" cannot list resource "secrets" in API group "" at the cluster scope',
    );
    session.close();
  });
});

describe("watches", () => {
  test("begin to answer before there is anything to tell", async () => {
    const path = `${MAPS}?watch=true&fieldSelector=metadata.name=later`;
    const response = await openHttp1(server, { path });
    expect(response.statusCode).toBe(200);
    await create("later");
    const [chunk] = (await response.iterator({ destroyOnReturn: true }).next()).value.toString().split("\n") as [
      string,
    ];
    expect(JSON.parse(chunk)).toMatchObject({ type: "ADDED", object: { metadata: { name: "later" } } });
    response.destroy();
  });

  test("end for a client that never reads, and go on for the others", async () => {
    const { metadata } = await create("busy", { n: "0" });
    const path = `${MAPS}?watch=true&fieldSelector=metadata.name=busy&resourceVersion=${metadata.resourceVersion}`;
    const lazy = await openHttp1(server, { path });
    const stop = new AbortController();
    const options = {
      namespace: "default",
      fieldSelector: "metadata.name=busy",
      resourceVersion: metadata.resourceVersion,
    };
    let heard = 0;
    const eager = (async () => {
      for await (const event of client.watch(configmaps, options, stop.signal)) if (event.type === "MODIFIED") heard++;
    })();
    const changes = 1800;
    const padding = "x".repeat(20_000);
    for (let n = 1; n <= changes; n++) {
      const body = { data: { n: String(n), padding } };
      await client.patch(configmaps, "busy", "default", { type: "merge", body });
    }
    expect(heard).toBe(changes);
    stop.abort();
    await eager;
    // Now it reads, and finds the end of the watch behind what had been sent when it was given up.
    let text = "";
    for await (const chunk of lazy) text += String(chunk);
    const lines = text.split("\n").filter((line) => line !== "");
    expect(lines.length).toBeLessThan(changes);
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ type: "MODIFIED" });
  });
});

test("closing ends watches cleanly and takes no more connections", async () => {
  const other = await embeddedApiServer();
  const response = await openHttp1(other, { path: `${MAPS}?watch=true` });
  const session = http2Session(other);
  expect((await callHttp2(session, { path: "/readyz" })).status).toBe(200);
  const ended = new Promise((resolve) =>
    response
      .on("end", () => resolve("ended"))
      .on("error", resolve)
      .resume(),
  );
  const { port } = other.running.server;
  await other[Symbol.asyncDispose]();
  expect(await ended).toBe("ended");
  const again = await new Promise((resolve) => {
    connectTls({ host: "127.0.0.1", port, rejectUnauthorized: false }, () => resolve("connected")).on(
      "error",
      (error: NodeJS.ErrnoException) => resolve(error.code),
    );
  });
  expect(again).toBe("ECONNREFUSED");
});
