import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ChunkedDecoder } from "../../src/mesh/http1/chunked-decoder.ts";
import { FAULT, faultOf, INCOMPLETE } from "../../src/mesh/http1/faults.ts";
import { RequestHead } from "../../src/mesh/http1/request-head.ts";
import { type NodeMessage, readByNode } from "../support/node-http-parser.ts";

/**
 * Our reader against Node's (llhttp, strict): whatever we accept it must accept, too, and read the same out of it. Where we refuse
 * and it does not, the reason must be one of those named in STRICTER.
 */
const STRICTER: ReadonlyMap<number, string> = new Map([
  [FAULT.host, "Node looks at the number of Host fields elsewhere, and never at their value"],
  [FAULT.requestLine, "a fragment in the target, several spaces before the version, no version at all (HTTP/0.9)"],
  [FAULT.target, "forms of target that only a forward proxy serves"],
  [FAULT.method, "CONNECT"],
  [FAULT.version, "HTTP/2.0 and HTTP/0.9 pass as versions"],
  [FAULT.expectation, "Node leaves expectations to its user"],
  [FAULT.unknownCoding, "Node leaves codings before chunked to its user"],
  [FAULT.transferEncoding, "Node takes any coding that ends with chunked, in HTTP/1.0, too"],
  [FAULT.traceContent, "Node leaves the content of TRACE to its user"],
  [FAULT.chunkExtension, "Node takes 16 KiB of extensions"],
  [FAULT.trailers, "Node takes trailers of any name"],
  [FAULT.contentLength, "Node counts lengths of more than 15 digits, and equal ones twice are one to it"],
]);

/** What Node refuses and we do not: methods that it does not know; a tab behind a coding, which is optional white space like any other. */
const LAXER = (refused: string | undefined, bytes: Buffer): boolean =>
  refused === "HPE_INVALID_METHOD" || /\r\ntransfer-encoding:[^\r]*\t\r\n/i.test(bytes.toString("latin1"));

interface Read {
  readonly requests: readonly NodeMessage[];
  /** Why reading stopped before the end of the bytes; 0: it did not. */
  readonly fault: number;
}

function ours(bytes: Buffer): Read {
  const head = new RequestHead();
  const requests: NodeMessage[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (bytes[at] === 0x0d && bytes[at + 1] === 0x0a) {
      at += 2;
      continue;
    }
    const start = at;
    const end = head.read(bytes, at, bytes.length);
    if (end < 0) return { requests, fault: end };
    const line = bytes.toString("latin1", start, bytes.indexOf("\r\n", start));
    const fields: string[] = [];
    for (let i = 0; i < head.fields.count; i++) {
      const raw = head.fields.lines(i, i + 1);
      fields.push(`${raw.slice(0, raw.indexOf(":"))}: ${head.fields.value(i)}`);
    }
    let content = "";
    if (head.contentLength >= 0) {
      if (bytes.length - end < head.contentLength) return { requests, fault: INCOMPLETE };
      content = bytes.toString("latin1", end, end + head.contentLength);
      at = end + head.contentLength;
    } else {
      const decoder = new ChunkedDecoder();
      const sink = {
        content: (b: Buffer, from: number, to: number) => void (content += b.toString("latin1", from, to)),
      };
      at = decoder.read(bytes, end, bytes.length, sink);
      if (at < 0) return { requests, fault: at };
      if (!decoder.done) return { requests, fault: INCOMPLETE };
    }
    requests.push({ line, fields, content });
    if (!head.persistent) return { requests, fault: 0 };
  }
  return { requests, fault: 0 };
}

const pick = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
/** Mostly one of the right values, now and then a wrong one: most requests then have at most one fault. */
const mostly = (right: readonly string[], wrong: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof({ weight: 40, arbitrary: pick(...right) }, pick(...wrong));

const lineEnd = mostly(["\r\n"], ["\n", "\r", "\r\r\n", "\n\r\n", " \r\n", "\0\r\n"]);
const method = mostly(["GET", "POST", "PUT", "HEAD", "OPTIONS", "DELETE"], ["TRACE", "get", "G T", ""]);
const target = fc.oneof(
  {
    weight: 10,
    arbitrary: mostly(["/", "/a?b=c", "/%2e%2e//"], ["*", "a:80", "/a b", "/\x7f", "/\xe9", "/a#b", "", '/"{}|\\^`']),
  },
  pick("http://a/b", "http://a", "http://b/", "https://a/"),
  fc
    .string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((c) => String.fromCharCode(c)), maxLength: 8 })
    .map((text) => `/${text}`),
);
const version = mostly(
  ["HTTP/1.1", "HTTP/1.1", "HTTP/1.0"],
  ["HTTP/2.0", "HTTP/0.9", "HTTP/1.2", "http/1.1", "HTTP/1.", "HTTP/11", ""],
);
const other = fc
  .tuple(
    mostly(
      ["X-A", "Accept", "Trailer"],
      ["Content-Length ", " X", "X\t", "", "X\0", "X:Y", "\xe9", "X-(a)", "Content\nLength", "Host"],
    ),
    mostly([":", ": ", ":\t "], [" :", "", "::"]),
    mostly(["a", "", "a b", "caf\xe9", " a "], ["a\rb", "a\nb", "a\0b", "a\x01", "\x7f", "a\r\n b"]),
    lineEnd,
  )
  .map((parts) => parts.join(""));
const connection = mostly(["keep-alive", "close", "x, Close"], ["upgrade", "100-continue"]).map(
  (value) => `Connection: ${value}\r\n`,
);
const expectation = mostly(["100-continue"], ["100-Continue", "x"]).map((value) => `Expect: ${value}\r\n`);
const chunk = fc
  .tuple(
    mostly(["3", "03", "3;a=b", '3;a="b"'], ["0x3", "3 ", " 3", "+3", "g", "3;a\nb", "3;\0", "ffffffffffffffff", "4"]),
    lineEnd,
    mostly(["abc"], ["ab", "abcd"]),
    lineEnd,
  )
  .map((parts) => parts.join(""));
const chunks = fc
  .tuple(
    fc.array(chunk, { maxLength: 3 }),
    mostly(["0", "00", "0;x"], ["0 ", "", "-0"]),
    lineEnd,
    fc.array(other, { maxLength: 2 }),
    lineEnd,
  )
  .map((parts) => parts.flat().join(""));
/** Framing fields and what comes after the head: mostly as they belong together. */
const framed = fc.oneof(
  { weight: 5, arbitrary: fc.constant(["", ""] as const) },
  {
    weight: 5,
    arbitrary: fc.tuple(
      mostly(
        ["Content-Length: 3\r\n", "content-length:3 \r\n"],
        [
          "Content-Length: 5\r\n",
          "Content-Length: +3\r\n",
          "Content-Length: 3, 3\r\n",
          "Content-Length: 0x3\r\n",
          "Content-Length: 3\r\nContent-Length: 3\r\n",
          "Content-Length: 00000000000000000003\r\n",
          "Content-Length:\r\n",
        ],
      ),
      fc.constant("abc"),
    ),
  },
  {
    weight: 5,
    arbitrary: fc.tuple(
      mostly(
        ["Transfer-Encoding: chunked\r\n", "transfer-encoding:\tCHUNKED\r\n"],
        [
          "Transfer-Encoding: gzip, chunked\r\n",
          "Transfer-Encoding: chunked, chunked\r\n",
          "Transfer-Encoding: chunked, gzip\r\n",
          "Transfer-Encoding: xchunked\r\n",
          "Transfer-Encoding: \x0bchunked\r\n",
          "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
          "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
          "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
          "Transfer-Encoding:\r\n chunked\r\n",
        ],
      ),
      chunks,
    ),
  },
);
const request = fc
  .tuple(
    fc.tuple(method, mostly([" "], ["  ", "\t"]), target, mostly([" "], ["  ", "\t"]), version, lineEnd),
    mostly(["Host: a\r\n"], ["", "Host: a\r\nHost: a\r\n", "Host: a/b\r\n", "Host:\r\n"]),
    fc.array(other, { maxLength: 3 }),
    fc.oneof({ weight: 6, arbitrary: fc.constant("") }, connection, expectation),
    framed,
    lineEnd,
  )
  .map(([line, host, others, special, [framing, content], end]) =>
    [...line, host, ...others, special, framing, end, content].join(""),
  );

/** A byte put in, taken out, or changed somewhere. */
const mutated = fc
  .tuple(
    fc.array(request, { minLength: 1, maxLength: 3 }),
    fc.array(fc.tuple(fc.nat(), fc.nat(2), fc.nat(255)), { maxLength: 2 }),
  )
  .map(([requests, changes]) => {
    let bytes = Buffer.from(requests.join(""), "latin1");
    for (const [where, how, byte] of changes) {
      const at = where % (bytes.length + 1);
      const after = bytes.subarray(how === 1 ? at : at + 1);
      bytes = Buffer.concat([bytes.subarray(0, at), how === 0 ? Buffer.of() : Buffer.of(byte), after]);
    }
    return bytes;
  });

const RUNS = Number(process.env["FUZZ_RUNS"] ?? 2_000);

function compare(bytes: Buffer): void {
  const we = ours(bytes);
  const { messages: they, refused } = readByNode("REQUEST", bytes);
  // Whatever we let through, Node lets through, and reads the same in it.
  const compared = LAXER(refused, bytes) ? they.length : we.requests.length;
  expect(they.slice(0, we.requests.length)).toEqual(we.requests.slice(0, compared));
  if (we.fault !== 0 && they.length > we.requests.length)
    expect(STRICTER.get(we.fault), `Node reads more than we do: ${faultOf(we.fault).text}`).toBeDefined();
}

test("requests made of likely and unlikely parts", () => {
  fc.assert(
    fc.property(mutated, (bytes) => compare(bytes)),
    { numRuns: RUNS },
  );
});

describe("found cases", () => {
  const chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  const found: readonly string[] = [
    "GET / HTTP/1.1\r\nHost: a\r\n\r\nabcde",
    `${chunked}3;\ta=b\r\nabc\r\n0\r\n\r\n`,
    `${chunked}0;\r\n\r\n`,
  ];
  test.each(found)("%j", (text) => compare(Buffer.from(text, "latin1")));
});
