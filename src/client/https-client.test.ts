import type { IncomingMessage, ServerResponse } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { conversation } from "../../test/support/api-conversation.ts";
import { tlsIdentity } from "../../test/support/tls-identity.ts";
import { answerJson, bodyOf, WireServer } from "../../test/support/wire-server.ts";
import recorded from "../../test/testdata/api-conversation.json" with { type: "json" };
import { configmaps, namespaces } from "../api/generated/resources.ts";
import type { KubeObject } from "../api/object.ts";
import type { WatchEvent, WatchOptions } from "./api-client.ts";
import { HttpsClient } from "./https-client.ts";
import { Transport } from "./transport.ts";

let stack = new AsyncDisposableStack();
afterEach(async () => {
  await stack.disposeAsync();
  stack = new AsyncDisposableStack();
});

async function clientOf(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<HttpsClient> {
  const server = stack.use(await WireServer.listen(answer));
  return new HttpsClient(stack.use(new Transport({ url: server.url }, "test/0")));
}

const map = (name: string, version = 1, annotations?: Record<string, string>): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: {
    name,
    namespace: "n",
    uid: name,
    resourceVersion: String(version),
    creationTimestamp: "",
    ...(annotations && { annotations }),
  },
});
const line = (type: string, object: unknown): string => `${JSON.stringify({ type, object })}\n`;

async function all(
  client: HttpsClient,
  options: WatchOptions = {},
  signal = new AbortController().signal,
): Promise<string[]> {
  const heard: string[] = [];
  for await (const event of client.watch<KubeObject>(configmaps, options, signal)) heard.push(brief(event));
  return heard;
}

function brief(event: WatchEvent<KubeObject>): string {
  if (event.type !== "BOOKMARK") return `${event.type} ${event.object.metadata.name}`;
  return `BOOKMARK ${event.resourceVersion}${event.initialEventsEnd ? " end" : ""}`;
}

describe("HttpsClient", () => {
  it("says and understands what it said and understood with Kubernetes 1.36, over TLS", async () => {
    const { certificate, key } = tlsIdentity();
    const left = [...recorded] as {
      request: { contentType?: string; body?: string };
      response: (typeof recorded)[0]["response"];
    }[];
    const seen: unknown[] = [];
    const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const exchange = left.shift()!;
      const contentType = request.headers["content-type"];
      const body = await bodyOf(request);
      seen.push([
        { method: request.method, path: request.url, ...(contentType && { contentType }), ...(body && { body }) },
        exchange.request,
      ]);
      response.writeHead(exchange.response.status, { "content-type": exchange.response.contentType });
      response.end(exchange.response.body);
    };
    const server = stack.use(await WireServer.listen((...args) => void answer(...args), { cert: certificate, key }));
    const transport = stack.use(new Transport({ url: server.url, ca: certificate }, "test/0"));
    const told = await conversation(new HttpsClient(transport, { fieldManager: "sluice-test" }), "recorded");
    for (const [sent, expected] of seen as [unknown, unknown][]) expect(sent).toEqual(expected);
    expect(left).toEqual([]);
    expect(told).toMatchObject({
      create: { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" }, data: { k: "1" } },
      "create again": '409 AlreadyExists: configmaps "a" already exists',
      list: { items: [{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" } }], resourceVersion: "1931" },
      "update with an old version":
        '409 Conflict: Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
      "json patch that is invalid": expect.stringMatching(
        /^422 Invalid: ConfigMap "a" is invalid: data\[é\]: Invalid value: "é"/,
      ),
      apply: '409 Conflict: Apply failed with 1 conflict: conflict with "other" using v1: .data.k',
      "strategic patch": { metadata: { annotations: { note: "line\nbreak" } }, data: { k: "4" } },
      "scale of nothing": '404 NotFound: deployments.apps "a" not found',
      watch: ['ADDED a {"k":"4"}', "BOOKMARK true"],
      "watch from a version": ["MODIFIED", "MODIFIED", "MODIFIED", "DELETED"],
      get: '404 NotFound: configmaps "a" not found',
    });
  });

  it("needs a namespace for what has one", async () => {
    const client = await clientOf((_, response) => answerJson(response, 200, {}));
    await expect(client.get(configmaps, "a")).rejects.toThrow("configmaps a: a namespace is needed");
    await client.get(namespaces, "a");
  });

  it("reads an empty list, whose items may be null", async () => {
    const client = await clientOf((_, response) =>
      answerJson(response, 200, { metadata: { resourceVersion: "7" }, items: null }),
    );
    expect(await client.list(configmaps)).toEqual({ items: [], resourceVersion: "7" });
  });

  describe("watch", () => {
    it("puts events together however the network cuts them", async () => {
      const text =
        line("ADDED", map("ä")) +
        line("BOOKMARK", map("", 9, { "k8s.io/initial-events-end": "true" })) +
        line("MODIFIED", map("ö"));
      const client = await clientOf((_, response) => {
        const bytes = Buffer.from(text);
        let at = 0;
        const next = (): void => {
          if (at >= bytes.length) response.end();
          else response.write(bytes.subarray(at, (at += 7)), () => setImmediate(next));
        };
        next();
      });
      expect(await all(client)).toEqual(["ADDED ä", "BOOKMARK 9 end", "MODIFIED ö"]);
    });

    it("asks for the events as it was told", async () => {
      const paths: (string | undefined)[] = [];
      const client = await clientOf((request, response) => {
        paths.push(request.url);
        response.end();
      });
      await all(client, { namespace: "n", labelSelector: "a=b" });
      await all(client, { resourceVersion: "5", fieldSelector: "metadata.name=x" });
      expect(paths).toEqual([
        "/api/v1/namespaces/n/configmaps?labelSelector=a%3Db&watch=true&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan",
        "/api/v1/configmaps?fieldSelector=metadata.name%3Dx&watch=true&allowWatchBookmarks=true&resourceVersion=5",
      ]);
    });

    const expired = {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: "too old resource version: 5 (90)",
      reason: "Expired",
      code: 410,
    };

    it.each([
      ["as an answer", (response: ServerResponse) => answerJson(response, 410, expired)],
      ["as an event", (response: ServerResponse) => response.end(line("ADDED", map("a")) + line("ERROR", expired))],
    ])("throws Expired when it comes %s", async (_, answer) => {
      const client = await clientOf((_request, response) => {
        answer(response);
      });
      await expect(all(client, { resourceVersion: "5" })).rejects.toMatchObject({
        reason: "Expired",
        code: 410,
        message: expired.message,
      });
    });

    it("throws when the connection breaks in the middle", async () => {
      const client = await clientOf((_, response) => {
        response.write(line("ADDED", map("a")), () => response.destroy());
      });
      await expect(all(client)).rejects.toMatchObject({ code: "unreachable" });
    });

    it("throws when an event is not JSON", async () => {
      const client = await clientOf((_, response) => void response.end("<html>\n"));
      await expect(all(client)).rejects.toMatchObject({ code: "unreachable" });
    });

    it("lists first where the server cannot begin with what there is", async () => {
      const paths: string[] = [];
      const client = await clientOf((request, response) => {
        const path = request.url ?? "";
        paths.push(path);
        const message = "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled";
        if (path.includes("sendInitialEvents"))
          answerJson(response, 422, { ...expired, message, reason: "Invalid", code: 422 });
        else if (path.includes("watch=true")) response.end(line("MODIFIED", map("a", 8)));
        else answerJson(response, 200, { metadata: { resourceVersion: "7" }, items: [map("a"), map("b")] });
      });
      expect(await all(client)).toEqual(["ADDED a", "ADDED b", "BOOKMARK 7 end", "MODIFIED a"]);
      expect(paths[2]).toContain("resourceVersion=7");
    });

    it("takes no more from the network than is asked for", async () => {
      let sent = 0;
      const big = line("ADDED", { ...map("a"), data: { x: "x".repeat(100_000) } });
      const total = 500;
      const client = await clientOf((_, response) => {
        const more = (): void => {
          while (sent < total) {
            sent += 1;
            if (!response.write(big)) {
              response.once("drain", more);
              return;
            }
          }
          response.end();
        };
        more();
      });
      const iterator = client.watch(configmaps, {}, new AbortController().signal)[Symbol.asyncIterator]();
      await iterator.next();
      for (let i = 0, before = -1; i < 100 && before !== sent; i++) {
        before = sent;
        for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      }
      expect(sent).toBeLessThan(total / 2);
      let taken = 1;
      while (!(await iterator.next()).done) taken += 1;
      expect(taken).toBe(total);
    });

    it("ends, and ends its connection, when it is aborted or left", async () => {
      const closed: Promise<unknown>[] = [];
      const client = await clientOf((request, response) => {
        closed.push(new Promise((resolve) => request.on("close", resolve)));
        response.write(line("ADDED", map("a")));
      });
      const stop = new AbortController();
      const first = client.watch(configmaps, {}, stop.signal)[Symbol.asyncIterator]();
      await first.next();
      const waiting = first.next();
      stop.abort();
      expect(await waiting).toEqual({ done: true, value: undefined });
      for await (const _ of client.watch(configmaps, {}, new AbortController().signal)) break;
      await Promise.all(closed);
      expect(closed).toHaveLength(2);
    });

    it("ends when it is aborted before the server has answered", async () => {
      const stop = new AbortController();
      const client = await clientOf(() => stop.abort());
      expect(await all(client, {}, stop.signal)).toEqual([]);
    });
  });
});
