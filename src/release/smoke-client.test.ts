import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SmokeAction } from "../plan/release/actions.ts";
import { httpSmokeClient } from "./http-smoke-client.ts";
import { type SmokeClient, trySmoke } from "./smoke-client.ts";

const action: SmokeAction = {
  kind: "smoke",
  session: "shop-2.1",
  index: 0,
  pod: "shop-x",
  address: "127.0.0.1",
  port: 80,
  path: "/menu",
  headers: { testuser: "smoke" },
  expect: { status: 200, bodyContains: "Ajanta" },
  why: "",
};
const never = new AbortController().signal;
const answering = (status: number, body: string): SmokeClient => ({ get: () => Promise.resolve({ status, body }) });

test.each([
  [200, "Ajanta", { ok: true }],
  [500, "", { ok: false, message: "answered 500, 200 was expected" }],
  [200, "nothing", { ok: false, message: 'answered 200, but without "Ajanta"' }],
])("an answer %d %j", async (status, body, result) => {
  expect(await trySmoke(answering(status, body), action, never)).toEqual({
    session: "shop-2.1",
    index: 0,
    get: "/menu",
    pod: "shop-x",
    ...result,
  });
});

describe("over HTTP", () => {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${String(request.headers["testuser"])}`);
    response.end("Ajanta and others");
  });
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  test("the request reaches the pod with its headers", async () => {
    const { port } = server.address() as AddressInfo;
    expect(await trySmoke(httpSmokeClient, { ...action, port }, never)).toMatchObject({ ok: true });
    expect(seen).toEqual(["GET /menu smoke"]);
  });

  test("nobody there is no answer", async () => {
    const result = await trySmoke(httpSmokeClient, { ...action, port: 1 }, never);
    expect(result).toMatchObject({ ok: false });
    expect(result.message).toContain("no answer: ");
  });
});
