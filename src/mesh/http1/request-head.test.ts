import { describe, expect, test } from "vitest";
import { FAULT, faultOf, INCOMPLETE } from "./faults.ts";
import { RequestHead } from "./request-head.ts";

const read = (text: string): { head: RequestHead; end: number } => {
  const head = new RequestHead();
  const bytes = Buffer.from(text, "latin1");
  return { head, end: head.read(bytes, 0, bytes.length) };
};

const HOST = "Host: a\r\n";
const request = (line: string, ...fields: readonly string[]): string =>
  `${line}\r\n${fields.map((f) => `${f}\r\n`).join("")}\r\n`;

describe("what is accepted", () => {
  test("a plain request", () => {
    const text = request("GET /a?b=c HTTP/1.1", "Host: example.com:80", "X-A:  1 ", "x-a:2");
    const { head, end } = read(text);
    expect(end).toBe(text.length);
    expect(head).toMatchObject({
      method: "GET",
      target: "/a?b=c",
      minor: 1,
      host: "example.com:80",
      contentLength: 0,
      absolute: false,
    });
    expect(head.fields.get("x-a")).toBe("1, 2");
    expect(head.fields.name(1)).toBe("x-a");
    expect(head.persistent).toBe(true);
  });

  const cases: readonly [string, string, Partial<RequestHead>][] = [
    ["HTTP/1.0 without Host does not persist", "GET / HTTP/1.0\r\n\r\n", { minor: 0, persistent: false }],
    ["HTTP/1.0 with keep-alive persists", request("GET / HTTP/1.0", "Connection: Keep-Alive"), { persistent: true }],
    ["close", request("GET / HTTP/1.1", "Host: a", "Connection: close"), { persistent: false }],
    ["close among others", request("GET / HTTP/1.1", "Host: a", "Connection: x, Close"), { persistent: false }],
    ["a content length", request("POST / HTTP/1.1", "Host: a", "Content-Length: 12"), { contentLength: 12 }],
    ["chunked", request("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: Chunked"), { contentLength: -1 }],
    ["any token as method", request("PROPFIND / HTTP/1.1", "Host: a"), { method: "PROPFIND" }],
    ["methods are case-sensitive", request("get / HTTP/1.1", "Host: a"), { method: "get" }],
    [
      "an absolute target",
      request("GET http://A:80/x HTTP/1.1", "Host: a"),
      { target: "/x", host: "A:80", absolute: true },
    ],
    ["an absolute target without a path", request("GET http://a?q HTTP/1.1", "Host: a"), { target: "/?q" }],
    ["OPTIONS *", request("OPTIONS * HTTP/1.1", "Host: a"), { target: "*" }],
    [
      "OPTIONS with an absolute target without a path",
      request("OPTIONS http://a HTTP/1.1", "Host: a"),
      { target: "*" },
    ],
    [
      "Expect",
      request("POST / HTTP/1.1", "Host: a", "Expect: 100-Continue", "Content-Length: 1"),
      { expectsContinue: true },
    ],
    [
      "an upgrade",
      request("GET / HTTP/1.1", "Host: a", "Connection: keep-alive, Upgrade", "Upgrade: websocket"),
      { upgrade: "websocket" },
    ],
    [
      "an upgrade that Connection does not name is none",
      request("GET / HTTP/1.1", "Host: a", "Upgrade: websocket"),
      { upgrade: undefined },
    ],
    [
      "an upgrade to h2c is ignored",
      request("GET / HTTP/1.1", "Host: a", "Connection: Upgrade", "Upgrade: h2c"),
      { upgrade: undefined },
    ],
    [
      "an upgrade in HTTP/1.0 is ignored",
      request("GET / HTTP/1.0", "Connection: Upgrade", "Upgrade: websocket"),
      { upgrade: undefined },
    ],
    ["an empty Host", request("GET / HTTP/1.1", "Host:"), { host: "" }],
    ["an IPv6 Host", request("GET / HTTP/1.1", "Host: [::1]:80"), { host: "[::1]:80" }],
    ["bytes beyond ASCII in values", request("GET / HTTP/1.1", "Host: a", "X: caf\xe9"), { contentLength: 0 }],
    ["Max-Forwards of TRACE", request("TRACE / HTTP/1.1", "Host: a", "Max-Forwards: 3"), { maxForwards: 3 }],
    ["Max-Forwards of GET means nothing", request("GET / HTTP/1.1", "Host: a", "Max-Forwards: 3"), { maxForwards: -1 }],
  ];
  test.each(cases)("%s", (_, text, want) => {
    const { head, end } = read(text);
    expect(end).toBe(text.length);
    expect(head).toMatchObject(want);
  });

  test("nothing stays from the request before", () => {
    const head = new RequestHead();
    for (const text of [
      request("POST http://b/ HTTP/1.1", "Host: b", "Content-Length: 5", "Connection: close", "Expect: 100-continue"),
      request("GET / HTTP/1.1", "Host: a"),
    ])
      head.read(Buffer.from(text), 0, text.length);
    expect(head).toMatchObject({ contentLength: 0, options: 0, expectsContinue: false, host: "a", absolute: false });
  });
});

/** The ways to make two readers see two different requests (RFC 9112 §11.2), and other nonsense. */
describe("what is refused", () => {
  const cases: readonly [string, string, number][] = [
    [
      "Content-Length and Transfer-Encoding",
      request("POST / HTTP/1.1", "Host: a", "Content-Length: 5", "Transfer-Encoding: chunked"),
      FAULT.lengthAndCoding,
    ],
    [
      "… in the other order",
      request("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked", "Content-Length: 5"),
      FAULT.lengthAndCoding,
    ],
    [
      "two different lengths",
      request("POST / HTTP/1.1", "Host: a", "Content-Length: 5", "Content-Length: 6"),
      FAULT.contentLength,
    ],
    [
      "two equal lengths",
      request("POST / HTTP/1.1", "Host: a", "Content-Length: 5", "Content-Length: 5"),
      FAULT.contentLength,
    ],
    ["a list of lengths", request("POST / HTTP/1.1", "Host: a", "Content-Length: 5, 5"), FAULT.contentLength],
    ["a signed length", request("POST / HTTP/1.1", "Host: a", "Content-Length: +5"), FAULT.contentLength],
    ["a negative length", request("POST / HTTP/1.1", "Host: a", "Content-Length: -5"), FAULT.contentLength],
    ["a hexadecimal length", request("POST / HTTP/1.1", "Host: a", "Content-Length: 0x5"), FAULT.contentLength],
    ["a length with a space in it", request("POST / HTTP/1.1", "Host: a", "Content-Length: 5 5"), FAULT.contentLength],
    ["an empty length", request("POST / HTTP/1.1", "Host: a", "Content-Length:"), FAULT.contentLength],
    [
      "a length beyond counting",
      request("POST / HTTP/1.1", "Host: a", `Content-Length: ${"9".repeat(20)}`),
      FAULT.contentLength,
    ],
    [
      "chunked twice in a list",
      request("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked, chunked"),
      FAULT.transferEncoding,
    ],
    [
      "chunked in two fields",
      request("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
      FAULT.transferEncoding,
    ],
    [
      "chunked and identity in two fields",
      request("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked", "Transfer-Encoding: identity"),
      FAULT.transferEncoding,
    ],
    [
      "chunked not last",
      request("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked, gzip"),
      FAULT.transferEncoding,
    ],
    [
      "a coding that ends like chunked",
      request("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: xchunked"),
      FAULT.transferEncoding,
    ],
    [
      "chunked in quotes",
      request("POST / HTTP/1.1", "Host: a", 'Transfer-Encoding: "chunked"'),
      FAULT.transferEncoding,
    ],
    [
      "chunked with a vertical tab",
      request("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: \x0bchunked"),
      FAULT.fieldValue,
    ],
    ["an empty Transfer-Encoding", request("POST / HTTP/1.1", "Host: a", "Transfer-Encoding:"), FAULT.transferEncoding],
    [
      "a coding not known here",
      request("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: gzip, chunked"),
      FAULT.unknownCoding,
    ],
    [
      "Transfer-Encoding in HTTP/1.0",
      request("POST / HTTP/1.0", "Host: a", "Transfer-Encoding: chunked"),
      FAULT.transferEncoding,
    ],
    ["a space before the colon", request("GET / HTTP/1.1", "Host: a", "Content-Length : 5"), FAULT.fieldName],
    ["a tab before the colon", request("GET / HTTP/1.1", "Host: a", "Transfer-Encoding\t: chunked"), FAULT.fieldName],
    ["folding", request("GET / HTTP/1.1", "Host: a", "X: a", " b"), FAULT.folding],
    ["white space before the first field", request("GET / HTTP/1.1", " Host: a"), FAULT.folding],
    ["a bare CR in a value", request("GET / HTTP/1.1", "Host: a", "X: a\rY: b"), FAULT.lineEnd],
    ["a bare LF after a field", "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", FAULT.lineEnd],
    ["a bare LF after the request line", `GET / HTTP/1.1\n${HOST}\r\n`, FAULT.requestLine],
    ["a bare LF as the empty line", `GET / HTTP/1.1\r\n${HOST}\n`, FAULT.lineEnd],
    ["NUL in a value", request("GET / HTTP/1.1", "Host: a", "X: a\0b"), FAULT.fieldValue],
    ["NUL in a name", request("GET / HTTP/1.1", "Host: a", "X\0: a"), FAULT.fieldName],
    ["a control in a value", request("GET / HTTP/1.1", "Host: a", "X: a\x01b"), FAULT.fieldValue],
    ["DEL in a value", request("GET / HTTP/1.1", "Host: a", "X: a\x7fb"), FAULT.fieldValue],
    ["an empty name", request("GET / HTTP/1.1", "Host: a", ": b"), FAULT.fieldName],
    ["a line without a colon", request("GET / HTTP/1.1", "Host: a", "nonsense"), FAULT.lineEnd],
    ["bytes beyond ASCII in a name", request("GET / HTTP/1.1", "Host: a", "Tr\xe4nsfer: b"), FAULT.fieldName],
    ["no Host", request("GET / HTTP/1.1", "X: a"), FAULT.host],
    ["two Hosts", request("GET / HTTP/1.1", "Host: a", "Host: a"), FAULT.host],
    ["a Host that is none", request("GET / HTTP/1.1", "Host: a/b"), FAULT.host],
    ["a Host with user information", request("GET / HTTP/1.1", "Host: u@a"), FAULT.host],
    ["a list of Hosts", request("GET / HTTP/1.1", "Host: a, b c"), FAULT.host],
    ["a Host other than the target's", request("GET http://a/ HTTP/1.1", "Host: b"), FAULT.host],
    ["an absolute target of another scheme", request("GET https://a/ HTTP/1.1", "Host: a"), FAULT.target],
    ["an absolute target with user information", request("GET http://u@a/ HTTP/1.1", "Host: a"), FAULT.target],
    ["an absolute target without a host", request("GET http:/// HTTP/1.1", "Host: a"), FAULT.target],
    ["an authority as target", request("GET a:80 HTTP/1.1", "Host: a"), FAULT.target],
    ["* with GET", request("GET * HTTP/1.1", "Host: a"), FAULT.target],
    ["*/ with OPTIONS", request("OPTIONS */ HTTP/1.1", "Host: a"), FAULT.target],
    ["CONNECT", request("CONNECT a:80 HTTP/1.1", "Host: a"), FAULT.method],
    ["a fragment", request("GET /#a HTTP/1.1", "Host: a"), FAULT.requestLine],
    ["a control in the target", request("GET /\x01 HTTP/1.1", "Host: a"), FAULT.requestLine],
    ["bytes beyond ASCII in the target", request("GET /\xe4 HTTP/1.1", "Host: a"), FAULT.requestLine],
    ["two spaces before the target", request("GET  / HTTP/1.1", "Host: a"), FAULT.requestLine],
    ["two spaces before the version", request("GET /  HTTP/1.1", "Host: a"), FAULT.requestLine],
    ["a tab for a space", request("GET\t/ HTTP/1.1", "Host: a"), FAULT.requestLine],
    ["a space after the version", request("GET / HTTP/1.1 ", "Host: a"), FAULT.requestLine],
    ["HTTP/0.9", "GET /\r\n\r\n", FAULT.requestLine],
    ["HTTP/2.0", request("PRI * HTTP/2.0"), FAULT.version],
    ["HTTP/1.2", request("GET / HTTP/1.2", "Host: a"), FAULT.version],
    ["HTTP/1.10", request("GET / HTTP/1.10", "Host: a"), FAULT.requestLine],
    ["http/1.1", request("GET / http/1.1", "Host: a"), FAULT.requestLine],
    ["no method", request(" / HTTP/1.1", "Host: a"), FAULT.requestLine],
    ["a method with a colon", request("GET: / HTTP/1.1", "Host: a"), FAULT.requestLine],
    ["an unknown expectation", request("POST / HTTP/1.1", "Host: a", "Expect: 200-ok"), FAULT.expectation],
    ["TRACE with content", request("TRACE / HTTP/1.1", "Host: a", "Content-Length: 1"), FAULT.traceContent],
    ["a target that is too long", request(`GET /${"a".repeat(8192)} HTTP/1.1`, "Host: a"), FAULT.targetTooLong],
    [
      "too many fields",
      request("GET / HTTP/1.1", "Host: a", ...Array.from({ length: 128 }, () => "X: 1")),
      FAULT.tooManyFields,
    ],
  ];
  test.each(cases)("%s", (_, text, want) => {
    const { end } = read(text);
    expect([end, faultOf(end).text]).toEqual([want, faultOf(want).text]);
  });
});

test("a head is complete with its last byte, and incomplete with every byte before", () => {
  const text = request("POST http://a/x?y HTTP/1.1", "Host: a", "Content-Length: 5", "X-Long: value");
  const head = new RequestHead();
  const bytes = Buffer.from(text);
  for (let end = 0; end < bytes.length; end++) expect(head.read(bytes, 0, end)).toBe(INCOMPLETE);
  expect(head.read(bytes, 0, bytes.length)).toBe(bytes.length);
});

test("a head is read from where it begins", () => {
  const text = request("GET /a HTTP/1.1", "Host: a");
  const bytes = Buffer.from(`xx${text}rest`);
  const head = new RequestHead();
  expect(head.read(bytes, 2, bytes.length)).toBe(2 + text.length);
  expect(head.target).toBe("/a");
});
