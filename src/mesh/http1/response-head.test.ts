import { describe, expect, test } from "vitest";
import { FAULT, faultOf, INCOMPLETE } from "./faults.ts";
import { CHUNKED, ResponseHead, UNTIL_CLOSE } from "./response-head.ts";

const read = (text: string): { head: ResponseHead; end: number } => {
  const head = new ResponseHead();
  const bytes = Buffer.from(text, "latin1");
  return { head, end: head.read(bytes, 0, bytes.length) };
};
const response = (line: string, ...fields: readonly string[]): string =>
  `${line}\r\n${fields.map((f) => `${f}\r\n`).join("")}\r\n`;

const accepted: readonly [string, string, Partial<ResponseHead>][] = [
  [
    "a length",
    response("HTTP/1.1 200 OK", "Content-Length: 5"),
    { status: 200, statusText: "200 OK", contentLength: 5, persistent: true },
  ],
  ["chunked", response("HTTP/1.1 200 OK", "Transfer-Encoding: chunked"), { contentLength: CHUNKED }],
  ["neither: until the connection closes", response("HTTP/1.1 200 OK"), { contentLength: UNTIL_CLOSE }],
  ["close", response("HTTP/1.1 200 OK", "Connection: close"), { persistent: false }],
  ["HTTP/1.0 does not persist", response("HTTP/1.0 200 OK", "Content-Length: 0"), { persistent: false, minor: 0 }],
  [
    "HTTP/1.0 with keep-alive",
    response("HTTP/1.0 200 OK", "Connection: keep-alive", "Content-Length: 0"),
    { persistent: true },
  ],
  ["an empty reason", response("HTTP/1.1 204 "), { status: 204, statusText: "204 " }],
  ["no space before no reason", response("HTTP/1.1 204"), { status: 204, statusText: "204" }],
  ["a reason beyond ASCII", response("HTTP/1.1 200 d'acc\xf4rd"), { statusText: "200 d'acc\xf4rd" }],
  ["a status of nobody's", response("HTTP/1.1 999 No"), { status: 999 }],
  ["a Date", response("HTTP/1.1 200 OK", "Date: x"), { hasDate: true }],
];
test.each(accepted)("accepts %s", (_, text, want) => {
  const { head, end } = read(text);
  expect(end).toBe(text.length);
  expect(head).toMatchObject(want);
});

describe("refuses", () => {
  const cases: readonly [string, string, number][] = [
    [
      "Content-Length and Transfer-Encoding",
      response("HTTP/1.1 200 OK", "Content-Length: 5", "Transfer-Encoding: chunked"),
      FAULT.lengthAndCoding,
    ],
    [
      "… in the other order",
      response("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "Content-Length: 5"),
      FAULT.lengthAndCoding,
    ],
    ["two lengths", response("HTTP/1.1 200 OK", "Content-Length: 5", "Content-Length: 5"), FAULT.contentLength],
    ["a length that is none", response("HTTP/1.1 200 OK", "Content-Length: five"), FAULT.contentLength],
    ["another coding", response("HTTP/1.1 200 OK", "Transfer-Encoding: gzip"), FAULT.transferEncoding],
    [
      "Transfer-Encoding in HTTP/1.0",
      response("HTTP/1.0 200 OK", "Transfer-Encoding: chunked"),
      FAULT.transferEncoding,
    ],
    [
      "content of an interim response",
      response("HTTP/1.1 103 Early Hints", "Transfer-Encoding: chunked"),
      FAULT.transferEncoding,
    ],
    ["another version", response("HTTP/2.0 200 OK"), FAULT.statusLine],
    ["HTTP/1.2", response("HTTP/1.2 200 OK"), FAULT.statusLine],
    ["a status of two digits", response("HTTP/1.1 20 OK"), FAULT.statusLine],
    ["a status of four digits", response("HTTP/1.1 2000 OK"), FAULT.statusLine],
    ["a status below 100", response("HTTP/1.1 099 No"), FAULT.statusLine],
    ["no HTTP", response("SSH-2.0-OpenSSH_9.2"), FAULT.statusLine],
    ["a bare LF", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", FAULT.statusLine],
    ["NUL in the reason", response("HTTP/1.1 200 O\0K"), FAULT.statusLine],
    ["folding", response("HTTP/1.1 200 OK", "X: a", " b"), FAULT.folding],
  ];
  test.each(cases)("%s", (_, text, want) => expect(faultOf(read(text).end)).toEqual(faultOf(want)));
});

test("a head is complete with its last byte, and incomplete with every byte before", () => {
  const bytes = Buffer.from(response("HTTP/1.1 200 OK", "Content-Length: 5", "X: y"));
  const head = new ResponseHead();
  for (let end = 0; end < bytes.length; end++) expect(head.read(bytes, 0, end)).toBe(INCOMPLETE);
  expect(head.read(bytes, 0, bytes.length)).toBe(bytes.length);
});
