import { execFile } from "node:child_process";
import { createServer, request, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Snapshot } from "../../plan/routing/snapshot.ts";
import { bodyOf } from "../../../test/support/wire-server.ts";
import { NamesProxy } from "./names-proxy.ts";

/** Below its address, what a Service of namespace `a` says it was asked. */
let service: Server;
let proxy: NamesProxy;
let snapshot: Snapshot | undefined;
let port: number;
const PROXY = { host: "127.0.0.1", port: 0 };

beforeAll(async () => {
  service = createServer((asked, answer) => {
    if (asked.url === "/broken") return void asked.socket.destroy();
    void bodyOf(asked).then((body) => {
      const { method, url, headers } = asked;
      const said = { method, url, host: headers.host, via: headers["proxy-authorization"], body };
      answer.writeHead(201, { "x-answer": "yes" }).end(JSON.stringify(said));
    });
  });
  await new Promise<void>((resolve) => service.listen(0, "127.99.0.7", resolve));
  ({ port } = service.address() as AddressInfo);
  const ref = { namespace: "a", name: "shop", port };
  const listener = { service: ref, protocol: "http", rules: [], matches: [], fallback: "" } as const;
  snapshot = { applied: {}, backends: {}, listeners: [{ ...listener, address: "127.99.0.7", port }] };
  proxy = new NamesProxy(() => snapshot);
  // A port of the kernel's choice, found by listening on it once.
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, PROXY.host, resolve));
  PROXY.port = (probe.address() as AddressInfo).port;
  await new Promise((resolve) => probe.close(resolve));
  await proxy.start(PROXY);
});
afterAll(() => {
  proxy[Symbol.dispose]();
  service.close();
});

function ask(
  target: string,
  { method = "GET", body = "", namespace = "a" } = {},
): Promise<{ status: number; body: string }> {
  const credentials = Buffer.from(`${namespace}:`).toString("base64");
  const headers = { "proxy-authorization": `Basic ${credentials}`, host: "ignored" };
  return new Promise((resolve, reject) => {
    request({ ...PROXY, path: target, method, headers, agent: false }, (answer) => {
      void bodyOf(answer).then((text) => resolve({ status: answer.statusCode ?? 0, body: text }));
    })
      .once("error", reject)
      .end(body);
  });
}

test("a request by name reaches the Service, as it is", async () => {
  const { status, body } = await ask(`http://shop:${port}/a%20b?c=d`, { method: "POST", body: "hello" });
  expect(status).toBe(201);
  expect(JSON.parse(body)).toEqual({ method: "POST", url: "/a%20b?c=d", host: `shop:${port}`, body: "hello" });
});

test("from another namespace it takes the longer name", async () => {
  expect((await ask(`http://shop.a:${port}`, { namespace: "b" })).status).toBe(201);
  expect((await ask(`http://shop:${port}/`, { namespace: "b" })).status).toBe(502);
});

test("what is no Service goes where it leads", async () => {
  expect((await ask(`http://127.99.0.7:${port}/`)).status).toBe(201);
});

test.each(["/", "ftp://shop/", "http://shop:99999/", "http://:80/"])("%s is refused", async (target) =>
  expect((await ask(target)).status).toBe(400),
);

test("a break is told as such", async () => {
  expect(await ask(`http://shop:${port}/broken`)).toMatchObject({ status: 502 });
});

test("tunnels lead to the Service, too", async () => {
  const socket = connect(PROXY);
  const said = new Promise<string>((resolve) => {
    let text = "";
    socket.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      if (text.endsWith("\r\n\r\n")) socket.write("GET /t HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    });
    socket.once("close", () => resolve(text));
  });
  socket.write(`CONNECT shop.a.svc:${port} HTTP/1.1\r\nHost: x\r\n\r\n`);
  expect(await said).toContain('"url":"/t"');
});

test("Node's own fetch and http find Services through it", async () => {
  const script = `const url = "http://shop:${port}/by-"; fetch(url + "fetch").then((a) => a.text()).then((a) => {
    console.log(a); require("node:http").get(url + "http", (b) => b.pipe(process.stdout)); });`;
  const env = { http_proxy: `http://a:x@${PROXY.host}:${PROXY.port}`, no_proxy: "127.0.0.1", NODE_USE_ENV_PROXY: "1" };
  const { stdout } = await promisify(execFile)(process.execPath, ["-e", script], { env });
  expect(stdout).toContain('"url":"/by-fetch"');
  expect(stdout).toContain('"url":"/by-http"');
});
