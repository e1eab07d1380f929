import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Backend, MeshHarness, ok } from "../support/mesh-harness.ts";

/**
 * Requests that two readers could understand differently (RFC 9112 §11.2). What must not happen is that the backend sees a request
 * that the mesh did not see: each hides `GET /hidden`.
 */
let mesh: MeshHarness;
let backend: Backend;
const seen: string[] = [];

beforeAll(async () => {
  backend = await Backend.answering(({ line }) => {
    seen.push(line);
    return ok("x");
  });
  mesh = new MeshHarness();
  await mesh.apply({ web: [backend] });
});
afterAll(async () => {
  await mesh[Symbol.asyncDispose]();
  await backend[Symbol.asyncDispose]();
});

const HIDDEN = "GET /hidden HTTP/1.1\r\nHost: web\r\n\r\n";
const post = (...fields: readonly string[]): string =>
  `POST /seen HTTP/1.1\r\nHost: web\r\n${fields.map((f) => `${f}\r\n`).join("")}\r\n`;
const CHUNKED = "Transfer-Encoding: chunked";
const CHUNKS = "0\r\n\r\n";

const refused: readonly [string, string, number][] = [
  ["CL.TE", `${post(`Content-Length: ${CHUNKS.length + HIDDEN.length}`, CHUNKED)}${CHUNKS}${HIDDEN}`, 400],
  ["TE.CL", `${post(CHUNKED, "Content-Length: 4")}5c\r\n${HIDDEN}\r\n0\r\n\r\n`, 400],
  ["TE.TE, the second obscured", `${post(CHUNKED, "Transfer-Encoding: x")}${CHUNKS}${HIDDEN}`, 400],
  ["TE.TE, the first obscured", `${post("Transfer-Encoding: x", CHUNKED)}${CHUNKS}${HIDDEN}`, 400],
  [
    "TE with a space before the colon",
    `${post("Transfer-Encoding : chunked", "Content-Length: 4")}${CHUNKS}${HIDDEN}`,
    400,
  ],
  ["TE with a tab before the colon", `${post("Transfer-Encoding\t: chunked")}${CHUNKS}${HIDDEN}`, 400],
  ["TE behind a fold", `${post("X: a", " Transfer-Encoding: chunked")}${CHUNKS}${HIDDEN}`, 400],
  ["TE value behind a fold", `${post("Transfer-Encoding:", " chunked")}${CHUNKS}${HIDDEN}`, 400],
  ["TE behind a bare LF", `${post("X: a\nTransfer-Encoding: chunked")}${CHUNKS}${HIDDEN}`, 400],
  ["TE behind a bare CR", `${post("X: a\rTransfer-Encoding: chunked")}${CHUNKS}${HIDDEN}`, 400],
  ["TE behind a NUL", `${post("X: a\0Transfer-Encoding: chunked")}${CHUNKS}${HIDDEN}`, 400],
  ["TE with a vertical tab", `${post("Transfer-Encoding:\x0bchunked")}${CHUNKS}${HIDDEN}`, 400],
  ["TE with a form feed", `${post("Transfer-Encoding: chunked\x0c")}${CHUNKS}${HIDDEN}`, 400],
  ["TE in quotes", `${post('Transfer-Encoding: "chunked"')}${CHUNKS}${HIDDEN}`, 400],
  ["TE: identity", `${post("Transfer-Encoding: identity", `Content-Length: ${HIDDEN.length}`)}${HIDDEN}`, 400],
  ["TE: chunked, identity", `${post("Transfer-Encoding: chunked, identity")}${CHUNKS}${HIDDEN}`, 400],
  ["TE: identity, chunked", `${post("Transfer-Encoding: identity, chunked")}${CHUNKS}${HIDDEN}`, 501],
  ["TE: chunked with a parameter", `${post("Transfer-Encoding: chunked;q=1")}${CHUNKS}${HIDDEN}`, 400],
  ["TE in HTTP/1.0", `POST /seen HTTP/1.0\r\nHost: web\r\n${CHUNKED}\r\n\r\n${CHUNKS}${HIDDEN}`, 400],
  ["two lengths", `${post("Content-Length: 0", `Content-Length: ${HIDDEN.length}`)}${HIDDEN}`, 400],
  ["two equal lengths", `${post("Content-Length: 0", "Content-Length: 0")}${HIDDEN}`, 400],
  ["a list of lengths", `${post(`Content-Length: 0, ${HIDDEN.length}`)}${HIDDEN}`, 400],
  ["a signed length", `${post("Content-Length: +0")}${HIDDEN}`, 400],
  ["a length in hexadecimal", `${post("Content-Length: 0x0")}${HIDDEN}`, 400],
  ["a length with digits of another script", `${post("Content-Length: \xb2")}${HIDDEN}`, 400],
  ["a length with a NUL", `${post("Content-Length: 0\0")}${HIDDEN}`, 400],
  ["an empty length", `${post("Content-Length:")}${HIDDEN}`, 400],
  ["a length in a name with a trailing space", `${post("Content-Length : 0")}${HIDDEN}`, 400],
  ["two Hosts", `GET /seen HTTP/1.1\r\nHost: web\r\nHost: evil\r\n\r\n${HIDDEN}`, 400],
  ["no Host", `GET /seen HTTP/1.1\r\n\r\n${HIDDEN}`, 400],
  ["a Host other than the target's", `GET http://evil/seen HTTP/1.1\r\nHost: web\r\n\r\n${HIDDEN}`, 400],
  ["a space before the first field", `GET /seen HTTP/1.1\r\n Host: web\r\n\r\n${HIDDEN}`, 400],
  ["a request line that ends with a bare LF", `GET /seen HTTP/1.1\nHost: web\r\n\r\n${HIDDEN}`, 400],
  ["an empty line that is a bare LF", `GET /seen HTTP/1.1\r\nHost: web\r\n\n${HIDDEN}`, 400],
  ["a target with a space", `GET /seen /x HTTP/1.1\r\nHost: web\r\n\r\n${HIDDEN}`, 400],
  ["a version with more digits", `GET /seen HTTP/1.1.1\r\nHost: web\r\n\r\n${HIDDEN}`, 400],
  ["HTTP/0.9", `GET /seen\r\n${HIDDEN}`, 400],
  ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505],
  ["CONNECT", `CONNECT web:80 HTTP/1.1\r\nHost: web\r\n\r\n${HIDDEN}`, 501],
];
test.each(refused)("%s is refused before anything is sent on", async (_, bytes, status) => {
  seen.length = 0;
  const answer = await mesh.exchange(bytes);
  expect(answer.slice(0, 12)).toBe(`HTTP/1.1 ${status}`);
  expect(answer).toMatch(/\r\nConnection: close\r\n/);
  expect(answer.match(/^HTTP\/1\.1 \d/gm)).toHaveLength(1);
  expect(seen).toEqual([]);
});

describe("broken chunks", () => {
  const broken: readonly [string, string][] = [
    ["a bare LF after the size", `0\n\n${HIDDEN}`],
    ["a bare CR after the size", `0\r\r\n${HIDDEN}`],
    ["a bare LF in an extension", `1;a\nb\r\nx\r\n${CHUNKS}${HIDDEN}`],
    ["a size with 0x", `0x0\r\n\r\n${HIDDEN}`],
    ["a size with a sign", `-0\r\n\r\n${HIDDEN}`],
    ["a size with a space", `0 \r\n\r\n${HIDDEN}`],
    ["a size that overflows 64 bits", `10000000000000000\r\n\r\n${HIDDEN}`],
    [
      "a size that overflows 32 bits twice",
      `100000001\r\nx\r\n${CHUNKS}${HIDDEN}`.replace("100000001", "fffffffffffff"),
    ],
    ["content longer than its size", `1\r\nxx\r\n${CHUNKS}${HIDDEN}`],
    ["content that ends with a bare LF", `1\r\nx\n${CHUNKS}${HIDDEN}`],
    [
      "a request in the trailers",
      `0\r\n${HIDDEN.replace("GET /hidden HTTP/1.1\r\n", "GET /hidden HTTP/1.1: x\r\n")}`.replace(": x", " : x"),
    ],
  ];
  test.each(broken)("%s", async (_, content) => {
    seen.length = 0;
    const answer = await mesh.exchange(post(CHUNKED) + content);
    expect(answer.slice(0, 12)).toBe("HTTP/1.1 400");
    expect(seen.filter((line) => line.includes("hidden"))).toEqual([]);
  });
});

describe("what is allowed cannot hide anything either", () => {
  const allowed: readonly [string, string, readonly string[]][] = [
    ["content that is a request", `${post(`Content-Length: ${HIDDEN.length}`)}${HIDDEN}`, ["POST /seen HTTP/1.1"]],
    [
      "a chunk that is a request",
      `${post(CHUNKED)}${HIDDEN.length.toString(16)}\r\n${HIDDEN}\r\n${CHUNKS}`,
      ["POST /seen HTTP/1.1"],
    ],
    [
      "GET with content",
      `GET /seen HTTP/1.1\r\nHost: web\r\nContent-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`,
      ["GET /seen HTTP/1.1"],
    ],
    [
      "an extension that names a request",
      `${post(CHUNKED)}0;x="GET /hidden HTTP/1.1"\r\n\r\n`,
      ["POST /seen HTTP/1.1"],
    ],
    [
      "framing fields in trailers",
      `${post(CHUNKED)}0\r\nContent-Length: 50\r\nTransfer-Encoding: chunked\r\n\r\n`,
      ["POST /seen HTTP/1.1"],
    ],
    [
      "a Connection that names the framing",
      `${post("Content-Length: 1", "Connection: Content-Length")}x${HIDDEN}`,
      ["POST /seen HTTP/1.1", "GET /hidden HTTP/1.1"],
    ],
  ];
  test.each(allowed)("%s", async (_, bytes, want) => {
    seen.length = 0;
    const answer = await mesh.exchange(bytes);
    expect(answer.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(want.length);
    expect(seen).toEqual(want);
  });
});
