import type { RequestListener } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { tlsIdentity } from "../../test/support/tls-identity.ts";
import { answerJson, bodyOf, WireServer } from "../../test/support/wire-server.ts";
import { StatusError } from "../api/status-error.ts";
import { Transport } from "./transport.ts";

let stack = new AsyncDisposableStack();
afterEach(async () => {
  await stack.disposeAsync();
  stack = new AsyncDisposableStack();
});

async function serve(answer: RequestListener): Promise<WireServer> {
  return stack.use(await WireServer.listen(answer));
}

const get = { method: "GET", path: "/x" };

describe("Transport", () => {
  it("says who it is", async () => {
    const { url } = await serve((request, response) => answerJson(response, 200, request.headers));
    const transport = stack.use(new Transport({ url: `${url}/prefix/`, token: () => "t0" }, "sluice-mesh/1"));
    expect(await transport.json(get)).toMatchObject({
      accept: "application/json",
      "user-agent": "sluice-mesh/1",
      authorization: "Bearer t0",
    });
  });

  it("hands on the server's warnings", async () => {
    const { url } = await serve((_, response) => {
      response.setHeader("warning", ['299 - "one \\"quoted\\""', '299 - "two, with a comma"', '199 - "not ours"']);
      answerJson(response, 200, {});
    });
    const warnings: string[] = [];
    const onWarning = (text: string): void => void warnings.push(text);
    await stack.use(new Transport({ url }, "t", { onWarning })).json(get);
    expect(warnings).toEqual(['one "quoted"', "two, with a comma"]);
  });

  it("keeps the path of the URL before that of the request", async () => {
    const { url } = await serve((request, response) => answerJson(response, 200, request.url));
    expect(await stack.use(new Transport({ url: `${url}/prefix/` }, "t")).json(get)).toBe("/prefix/x");
  });

  it("shows a client certificate and looks at the server's", async () => {
    const { certificate, key } = tlsIdentity();
    const tls = { cert: certificate, key, ca: certificate, requestCert: true, rejectUnauthorized: true };
    const server = stack.use(await WireServer.listen((_, response) => answerJson(response, 200, "in"), tls));
    const endpoint = { url: server.url, ca: certificate, certificate, key };
    expect(await stack.use(new Transport(endpoint, "t")).json(get)).toBe("in");
    const named = { ...endpoint, serverName: "localhost" };
    expect(await stack.use(new Transport(named, "t")).json(get)).toBe("in");
    const misnamed = stack.use(new Transport({ ...endpoint, serverName: "elsewhere" }, "t"));
    await expect(misnamed.json(get)).rejects.toMatchObject({ code: "unreachable" });
    const { ca: _, ...unverified } = endpoint;
    await expect(stack.use(new Transport(unverified, "t")).json(get)).rejects.toMatchObject({ code: "unreachable" });
    expect(await stack.use(new Transport({ ...unverified, insecure: true }, "t")).json(get)).toBe("in");
  });

  it("throws the Status that a refusal carries", async () => {
    const status = {
      kind: "Status",
      status: "Failure",
      reason: "Forbidden",
      message: "no",
      code: 403,
      details: { name: "x" },
    };
    const { url } = await serve((_, response) => answerJson(response, 403, status));
    const error = await stack
      .use(new Transport({ url }, "t"))
      .json(get)
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StatusError);
    expect((error as StatusError).status).toMatchObject({
      reason: "Forbidden",
      message: "no",
      code: 403,
      details: { name: "x" },
    });
  });

  it.each([
    ["GET", 401, "Unauthorized", "the server has asked for the client to provide credentials"],
    ["GET", 404, "NotFound", "the server could not find the requested resource"],
    ["POST", 409, "AlreadyExists", "the server reported a conflict"],
    ["PUT", 409, "Conflict", "the server reported a conflict"],
    ["GET", 503, "ServiceUnavailable", "the server is currently unable to handle the request"],
    ["GET", 418, "", "the server responded with the status code 418 but did not return more information"],
  ])("makes a Status of a refusal without one: %s %i", async (method, code, reason, message) => {
    const { url } = await serve((_, response) => void response.writeHead(code, { "retry-after": "3" }).end("<html>"));
    const error = await stack
      .use(new Transport({ url }, "t"))
      .json({ ...get, method })
      .catch((e: unknown) => e as StatusError);
    expect((error as StatusError).reason).toBe(reason);
    expect((error as StatusError).status).toMatchObject({
      message,
      code,
      details: { retryAfterSeconds: 3, causes: [{ reason: "UnexpectedServerResponse", message: "<html>" }] },
    });
  });

  it("says so when nobody listens, or when the answer is not JSON", async () => {
    const server = await serve((_, response) => void response.end("hello"));
    const transport = stack.use(new Transport({ url: server.url }, "t"));
    await expect(transport.json(get)).rejects.toMatchObject({
      code: "unreachable",
      message: `${server.url} answers with something that is not JSON`,
    });
    await server[Symbol.asyncDispose]();
    await expect(transport.json(get)).rejects.toThrow(`cannot reach ${server.url}: connect ECONNREFUSED`);
  });

  it("uses a connection again", async () => {
    const ports = new Set<number | undefined>();
    const { url } = await serve((request, response) => {
      ports.add(request.socket.remotePort);
      answerJson(response, 200, 1);
    });
    const transport = stack.use(new Transport({ url }, "t"));
    for (let i = 0; i < 5; i++) await transport.json(get);
    expect(ports.size).toBe(1);
  });

  it("repeats a GET, and nothing else, when a kept connection turns out to be closed", async () => {
    let requests = 0;
    const { url } = await serve((request, response) => {
      requests += 1;
      // The second request of a connection finds it closed.
      if (requests % 2 === 0) request.socket.destroy();
      else void bodyOf(request).then(() => answerJson(response, 200, requests));
    });
    const transport = stack.use(new Transport({ url }, "t"));
    expect(await transport.json(get)).toBe(1);
    expect(await transport.json(get)).toBe(3);
    await expect(transport.json({ ...get, method: "POST", body: "{}" })).rejects.toMatchObject({ code: "unreachable" });
    expect(requests).toBe(4);
  });

  it("rejects with the reason of an abort", async () => {
    const stop = new AbortController();
    const { url } = await serve(() => stop.abort(new Error("enough")));
    await expect(stack.use(new Transport({ url }, "t")).json({ ...get, signal: stop.signal })).rejects.toThrow(
      "enough",
    );
  });
});
