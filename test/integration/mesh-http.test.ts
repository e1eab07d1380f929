import { describe, expect, test } from "vitest";
import { Backend, MeshHarness, ok, readRequest } from "../support/mesh-harness.ts";

const GET = (path = "/", ...fields: readonly string[]): string =>
  `GET ${path} HTTP/1.1\r\nHost: web\r\n${fields.map((field) => `${field}\r\n`).join("")}\r\n`;

/** A mesh in front of one backend that tells what it got. */
async function mirror(): Promise<{ mesh: MeshHarness; backend: Backend }> {
  const backend = await Backend.answering(({ head, content }) => ok(head + content));
  const mesh = new MeshHarness();
  await mesh.apply({ web: [backend] });
  return { mesh, backend };
}

const close = async (...things: readonly AsyncDisposable[]): Promise<void> => {
  for (const thing of things) await thing[Symbol.asyncDispose]();
};

describe("what the backend gets", () => {
  test("the request, who sent it, and a trace", async () => {
    const { mesh, backend } = await mirror();
    const client = mesh.connect().write(GET("/a?b=c", "X-One: 1", "Accept:  */* "));
    const { content } = await client.response();
    expect(content).toMatch(
      /^GET \/a\?b=c HTTP\/1\.1\r\nHost: web\r\nX-One: 1\r\nAccept: {2}\*\/\* \r\nX-Forwarded-For: 127\.0\.0\.1\r\nX-Forwarded-Proto: http\r\nVia: 1\.1 sluice\r\ntraceparent: 00-[0-9a-f]{32}-[0-9a-f]{16}-01\r\n\r\n$/,
    );
    client.destroy();
    await close(mesh, backend);
  });

  const cases: readonly [string, string, RegExp, RegExp | undefined][] = [
    [
      "nothing about the client's connection",
      GET("/", "Keep-Alive: timeout=5", "Connection: keep-alive, X-Hop", "X-Hop: 1", "Proxy-Connection: x", "X-End: 2"),
      /X-End: 2/,
      /keep-alive|X-Hop|Proxy/i,
    ],
    [
      "but what a sender cannot have removed",
      GET(
        "/",
        "Connection: close, X-Forwarded-For, Authorization, Cookie",
        "Authorization: a",
        "Cookie: b",
        "X-Forwarded-For: 9.9.9.9",
      ),
      /Authorization: a\r\nCookie: b\r\nX-Forwarded-For: 9\.9\.9\.9, 127\.0\.0\.1/,
      /Connection/,
    ],
    [
      "hops before are added to",
      GET("/", "X-Forwarded-For: 1.1.1.1", "X-Forwarded-For: 2.2.2.2", "X-Forwarded-Proto: https", "Via: 1.0 a"),
      /X-Forwarded-Proto: https\r\nVia: 1\.0 a\r\nX-Forwarded-For: 1\.1\.1\.1, 2\.2\.2\.2, 127\.0\.0\.1\r\nVia: 1\.1 sluice/,
      /Proto: http\r/,
    ],
    [
      "the client's own trace",
      GET("/", "traceparent: 00-1-2-00"),
      /traceparent: 00-1-2-00/,
      /traceparent: 00-[0-9a-f]{32}/,
    ],
    [
      "TE: trailers, and that it is for this hop",
      GET("/", "TE: trailers, deflate", "Connection: TE"),
      /TE: trailers\r\nConnection: TE/,
      /deflate/,
    ],
    [
      "an absolute target in origin form",
      "GET http://WEB:80/x HTTP/1.1\r\nHost: web\r\n\r\n",
      /^GET \/x HTTP\/1\.1\r\nHost: WEB:80\r\n/,
      /Host: web/,
    ],
    ["OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: web\r\n\r\n", /^OPTIONS \* HTTP\/1\.1/, undefined],
    ["one forward less", "OPTIONS / HTTP/1.1\r\nHost: web\r\nMax-Forwards: 5\r\n\r\n", /Max-Forwards: 4/, undefined],
    [
      "HTTP/1.1 for HTTP/1.0, with a Host",
      "GET / HTTP/1.0\r\n\r\n",
      /^GET \/ HTTP\/1\.1\r\nHost: web\.test\r\n/,
      undefined,
    ],
    [
      "content with its length",
      "POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 5\r\n\r\nhello",
      /\r\nContent-Length: 5\r\n[^]*\r\n\r\nhello$/,
      undefined,
    ],
    [
      "chunks framed anew, without extensions",
      "POST / HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: CHUNKED\r\n\r\n003;x=y\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 1\r\nHost: evil\r\n\r\n",
      /Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 1\r\n\r\n$/,
      /x=y|evil|CHUNKED/,
    ],
    ["an empty line before the request is nothing", `\r\n${GET("/")}`, /^GET \/ /, undefined],
  ];
  test.each(cases)("%s", async (_, request, want, not) => {
    const { mesh, backend } = await mirror();
    const client = mesh.connect().write(request);
    const { content } = await client.response();
    expect(content).toMatch(want);
    if (not) expect(content).not.toMatch(not);
    client.destroy();
    await close(mesh, backend);
  });
});

describe("what the client gets", () => {
  const serving = async (answer: string, end = false): Promise<{ mesh: MeshHarness; backend: Backend }> => {
    const backend = await Backend.start(async (connection) => {
      for (;;) {
        await readRequest(connection);
        if (end) connection.end(answer);
        else connection.write(answer);
      }
    });
    const mesh = new MeshHarness();
    await mesh.apply({ web: [backend] });
    return { mesh, backend };
  };

  const cases: readonly [string, string, string, RegExp, boolean?][] = [
    [
      "a length",
      GET(),
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: y\r\n\r\nhi",
      /^HTTP\/1\.1 200 OK\r\nContent-Length: 2\r\nX: y\r\nDate: [^\r]+\r\n\r\nhi$/,
    ],
    [
      "chunks",
      GET(),
      "HTTP/1.1 200 OK\r\nDate: x\r\nTransfer-Encoding: chunked\r\n\r\n2;a\r\nhi\r\n0\r\nGrpc-Status: 0\r\n\r\n",
      /^HTTP\/1\.1 200 OK\r\nDate: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nGrpc-Status: 0\r\n\r\n$/,
    ],
    [
      "until the connection closes, as chunks",
      GET(),
      "HTTP/1.1 200 OK\r\nDate: x\r\n\r\nhi",
      /^HTTP\/1\.1 200 OK\r\nDate: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n$/,
      true,
    ],
    [
      "chunks to HTTP/1.0 as they are",
      "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
      "HTTP/1.1 200 OK\r\nDate: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX: y\r\n\r\n",
      /^HTTP\/1\.1 200 OK\r\nDate: x\r\nConnection: close\r\n\r\nhi$/,
    ],
    [
      "keep-alive to HTTP/1.0",
      "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
      "HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 2\r\n\r\nhi",
      /Content-Length: 2\r\nConnection: keep-alive\r\n\r\nhi$/,
    ],
    ["close, when it asked for it", GET("/", "Connection: close"), ok("hi"), /Connection: close\r\n\r\nhi$/],
    [
      "nothing about the backend's connection",
      GET(),
      "HTTP/1.1 200 OK\r\nConnection: X-Hop, close\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n",
      /^HTTP\/1\.1 200 OK\r\nContent-Length: 0\r\nDate: [^\r]+\r\n\r\n$/,
    ],
    [
      "HEAD without content",
      "HEAD / HTTP/1.1\r\nHost: web\r\n\r\n",
      "HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 5\r\n\r\n",
      /Content-Length: 5\r\n\r\n$/,
    ],
    [
      "HEAD of chunks",
      "HEAD / HTTP/1.1\r\nHost: web\r\n\r\n",
      "HTTP/1.1 200 OK\r\nDate: x\r\nTransfer-Encoding: chunked\r\n\r\n",
      /^HTTP\/1\.1 200 OK\r\nDate: x\r\n\r\n$/,
    ],
    [
      "204 without a length",
      GET(),
      "HTTP/1.1 204 No Content\r\nDate: x\r\nContent-Length: 0\r\n\r\n",
      /^HTTP\/1\.1 204 No Content\r\nDate: x\r\n\r\n$/,
    ],
    [
      "304 with a length and no content",
      GET(),
      "HTTP/1.1 304 Not Modified\r\nDate: x\r\nContent-Length: 5\r\n\r\n",
      /Content-Length: 5\r\n\r\n$/,
    ],
    [
      "interim responses",
      GET(),
      "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </b>\r\n\r\nHTTP/1.1 204 No\r\nDate: x\r\n\r\n",
      /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a>\r\n\r\nHTTP\/1\.1 103 Early Hints\r\nLink: <\/b>\r\n\r\nHTTP\/1\.1 204/,
    ],
    [
      "no interim responses to HTTP/1.0",
      "GET / HTTP/1.0\r\n\r\n",
      "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No\r\nDate: x\r\n\r\n",
      /^HTTP\/1\.1 204 No\r\nDate: x\r\nConnection: close\r\n\r\n$/,
    ],
    [
      "502 for no HTTP",
      GET(),
      "SSH-2.0-OpenSSH\r\n\r\n",
      /^HTTP\/1\.1 502 Bad Gateway\r\n[^]*sluice: the answer was malformed\n$/,
    ],
    [
      "502 for a switch nobody asked for",
      GET(),
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
      /^HTTP\/1\.1 502/,
    ],
  ];
  test.each(cases)("%s", async (_, request, answer, want, end) => {
    const { mesh, backend } = await serving(answer, end);
    expect(await mesh.exchange(request)).toMatch(want);
    await close(mesh, backend);
  });

  test("an answer that is cut breaks the connection: nothing else says so", async () => {
    const { mesh, backend } = await serving("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", true);
    const client = mesh.connect().write(GET());
    const text = await client.rest();
    expect(text).toMatch(/half$/);
    expect((await mesh.logged(1))[0]).toMatchObject({ status: 200, reason: "reset" });
    await close(mesh, backend);
  });

  test("cut chunks do not look complete", async () => {
    const { mesh, backend } = await serving("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", true);
    const text = await mesh.connect().write(GET()).rest();
    expect(text).toMatch(/4\r\nhalf\r\n$/);
    await close(mesh, backend);
  });
});

describe("connections", () => {
  test("requests on one connection are answered in order, however they come", async () => {
    const { mesh, backend } = await mirror();
    const text = [1, 2, 3].map((i) => `POST /${i} HTTP/1.1\r\nHost: web\r\nContent-Length: 1\r\n\r\n${i}`).join("");
    for (const size of [1, 7, 50, text.length]) {
      const client = mesh.connect();
      for (let at = 0; at < text.length; at += size) {
        client.write(text.slice(at, at + size));
        await new Promise((resolve) => setImmediate(resolve));
      }
      for (const i of [1, 2, 3]) expect((await client.response()).content).toMatch(new RegExp(`^POST /${i} [^]*${i}$`));
      client.destroy();
    }
    await close(mesh, backend);
  });

  test("one connection to the backend serves request after request", async () => {
    const { mesh, backend } = await mirror();
    const client = mesh.connect();
    for (let i = 0; i < 5; i++) await client.write(GET()).response();
    expect(backend.connections.length).toBe(1);
    client.destroy();
    await close(mesh, backend);
  });

  test("a client may end its side first and still gets all answers", async () => {
    const { mesh, backend } = await mirror();
    const answers = await mesh.exchange(GET("/1") + GET("/2"));
    expect(answers.match(/GET \/[12] /g)).toEqual(["GET /1 ", "GET /2 "]);
    await close(mesh, backend);
  });

  test("a backend's connection with bytes that nobody asked for is not used again", async () => {
    const backend = await Backend.start(async (connection, number) => {
      await readRequest(connection);
      connection.write(ok(String(number)) + ok("evil"));
      await connection.rest();
    });
    const mesh = new MeshHarness();
    await mesh.apply({ web: [backend] });
    const client = mesh.connect();
    expect((await client.write(GET()).response()).content).toBe("1");
    expect((await client.write(GET()).response()).content).toBe("2");
    client.destroy();
    await close(mesh, backend);
  });

  test("Expect: 100-continue goes through, and content only after it", async () => {
    const order: string[] = [];
    const backend = await Backend.start(async (connection) => {
      order.push((await connection.until("\r\n\r\n")).includes("Expect: 100-continue") ? "head" : "?");
      connection.write("HTTP/1.1 100 Continue\r\n\r\n");
      order.push(await connection.until("hello"));
      connection.write(ok("thanks"));
    });
    const mesh = new MeshHarness();
    await mesh.apply({ web: [backend] });
    const client = mesh
      .connect()
      .write("POST / HTTP/1.1\r\nHost: web\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    expect(await client.until("\r\n\r\n")).toBe("HTTP/1.1 100 Continue\r\n\r\n");
    client.write("hello");
    expect((await client.response()).content).toBe("thanks");
    expect(order).toEqual(["head", "hello"]);
    client.destroy();
    await close(mesh, backend);
  });

  test("a no before the content comes closes the connection: the content could be taken for a request", async () => {
    const backend = await Backend.start(async (connection) => {
      await connection.until("\r\n\r\n");
      connection.write("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
    });
    const mesh = new MeshHarness();
    await mesh.apply({ web: [backend] });
    const client = mesh
      .connect()
      .write("POST / HTTP/1.1\r\nHost: web\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    expect(await client.rest()).toMatch(/^HTTP\/1\.1 413 [^]*Connection: close\r\n/);
    await close(mesh, backend);
  });

  test("an answer before the end of the content: the rest is thrown away, the connection goes on", async () => {
    const backend = await Backend.start(async (connection, number) => {
      await connection.until("\r\n\r\n");
      connection.write(ok(String(number)));
      await connection.rest();
    });
    const mesh = new MeshHarness();
    await mesh.apply({ web: [backend] });
    const client = mesh.connect().write("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 5\r\n\r\n");
    expect((await client.response()).content).toBe("1");
    expect((await client.write(`hello${GET()}`).response()).content).toBe("2");
    client.destroy();
    await close(mesh, backend);
  });

  test("an upgrade carries bytes both ways, each side ends by itself", async () => {
    const backend = await Backend.start(async (connection) => {
      const head = await connection.until("\r\n\r\n");
      expect(head).toMatch(/Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n$/);
      connection.write(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-X: 1\r\n\r\nhello",
      );
      expect(await connection.until("ping")).toBe("ping");
      connection.end("pong");
      expect(await connection.rest()).toBe("bye");
    });
    const mesh = new MeshHarness();
    await mesh.apply({ web: [backend] });
    const client = mesh.connect().write(GET("/ws", "Connection: keep-alive, Upgrade", "Upgrade: websocket"));
    expect(await client.until("\r\n\r\n")).toBe(
      "HTTP/1.1 101 Switching Protocols\r\nSec-X: 1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    );
    await client.until("hello");
    client.write("ping");
    expect(await client.rest()).toBe("pong");
    client.end("bye");
    expect((await mesh.logged(1))[0]).toMatchObject({ status: 101, sent: 9, received: 7, backend: "test/web:80" });
    await close(mesh, backend);
  });

  test("a connection that was switched is not used again", async () => {
    const backend = await Backend.start(async (connection, number) => {
      for (;;) {
        const { head } = await readRequest(connection);
        if (!head.includes("Upgrade: x")) connection.write(ok(String(number)));
        else connection.end("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n");
      }
    });
    const mesh = new MeshHarness();
    await mesh.apply({ web: [backend] });
    expect(await mesh.exchange(GET())).toMatch(/\r\n\r\n1$/);
    const client = mesh.connect().write(GET("/", "Connection: Upgrade", "Upgrade: x"));
    expect(await client.rest()).toMatch(/^HTTP\/1\.1 101 /);
    client.end();
    await mesh.logged(2);
    expect(backend.connections.length).toBe(1);
    expect(await mesh.exchange(GET())).toMatch(/\r\n\r\n2$/);
    await close(mesh, backend);
  });

  test("bytes behind an upgrade request wait for the 101", async () => {
    const backend = await Backend.start(async (connection) => {
      await connection.until("\r\n\r\n");
      await new Promise((resolve) => setImmediate(resolve));
      expect(connection.pending).toBe("");
      connection.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n");
      connection.write(await connection.until("early"));
    });
    const mesh = new MeshHarness();
    await mesh.apply({ web: [backend] });
    const client = mesh.connect().write(`${GET("/", "Connection: Upgrade", "Upgrade: x")}early`);
    await client.until("\r\n\r\nearly");
    client.destroy();
    await close(mesh, backend);
  });

  test("a large message arrives whole, both ways", async () => {
    const backend = await Backend.answering(({ content }) => ok(content));
    const mesh = new MeshHarness();
    await mesh.apply({ web: [backend] });
    const content = Array.from({ length: 60_000 }, (_, i) => `${i},`).join("");
    const client = mesh
      .connect()
      .write(`POST / HTTP/1.1\r\nHost: web\r\nContent-Length: ${content.length}\r\n\r\n${content}`);
    expect((await client.response()).content).toBe(content);
    client.destroy();
    await close(mesh, backend);
  });
});
