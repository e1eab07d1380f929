import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ChunkedDecoder } from "../../src/mesh/http1/chunked-decoder.ts";
import { FAULT, faultOf, INCOMPLETE } from "../../src/mesh/http1/faults.ts";
import { CHUNKED, ResponseHead, UNTIL_CLOSE } from "../../src/mesh/http1/response-head.ts";
import { type NodeMessage, readByNode } from "../support/node-http-parser.ts";

/** Our reader of answers against Node's, as for requests: what we take in it takes, too, and reads the same out of it. */
const STRICTER: ReadonlyMap<number, string> = new Map([
  [
    FAULT.statusLine,
    "statuses below 100, white space after the version, reason phrases with controls, HTTP/2.0 and HTTP/0.9",
  ],
  [
    FAULT.transferEncoding,
    "Node reads until the connection closes when the last coding is not chunked, and content of interim responses",
  ],
  [FAULT.contentLength, "Node counts lengths of more than 15 digits"],
  [FAULT.chunkExtension, "Node takes an extension whose value is empty"],
  [FAULT.trailers, "Node takes trailers of any size"],
]);

interface Read {
  readonly answers: readonly NodeMessage[];
  readonly fault: number;
}

function ours(bytes: Buffer): Read {
  const head = new ResponseHead();
  const end = head.read(bytes, 0, bytes.length);
  if (end < 0) return { answers: [], fault: end };
  const fields: string[] = [];
  for (let i = 0; i < head.fields.count; i++) {
    const raw = head.fields.lines(i, i + 1);
    fields.push(`${raw.slice(0, raw.indexOf(":"))}: ${head.fields.value(i)}`);
  }
  const line = `HTTP/1.${head.minor} ${head.status}`;
  const empty = head.status < 200 || head.status === 204 || head.status === 304;
  const length = empty ? 0 : head.contentLength;
  if (length === UNTIL_CLOSE) return { answers: [{ line, fields, content: bytes.toString("latin1", end) }], fault: 0 };
  if (length !== CHUNKED) {
    if (bytes.length - end < length) return { answers: [], fault: INCOMPLETE };
    return { answers: [{ line, fields, content: bytes.toString("latin1", end, end + length) }], fault: 0 };
  }
  let content = "";
  const decoder = new ChunkedDecoder();
  const sink = { content: (b: Buffer, from: number, to: number) => void (content += b.toString("latin1", from, to)) };
  const after = decoder.read(bytes, end, bytes.length, sink);
  if (after < 0) return { answers: [], fault: after };
  return decoder.done ? { answers: [{ line, fields, content }], fault: 0 } : { answers: [], fault: INCOMPLETE };
}

const pick = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const mostly = (right: readonly string[], wrong: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof({ weight: 30, arbitrary: pick(...right) }, pick(...wrong));
const lineEnd = mostly(["\r\n"], ["\n", "\r", "\r\r\n", "\n\r\n"]);
const status = mostly(["200", "404", "500", "204", "304", "599"], ["20", "2000", "099", "999", "2x0", "", "-20"]);
const reason = mostly([" OK", " ", "", " Not Found", " caf\xe9"], [" \0", "\tOK", " a\x01", "OK"]);
const field = fc
  .tuple(
    mostly(["X-A", "Server"], [" X", "X ", "", "X\0"]),
    mostly([": ", ":"], [" : ", ""]),
    mostly(["a", "", "caf\xe9"], ["a\rb", "a\nb", "a\0", "a\r\n b"]),
    lineEnd,
  )
  .map((parts) => parts.join(""));
const framed = fc.oneof(
  pick(
    ["", ""] as const,
    ["", "rest"] as const,
    ["Content-Length: 3\r\n", "abc"] as const,
    ["Content-Length: 0\r\n", ""] as const,
  ),
  pick(
    ["Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n"] as const,
    ["Transfer-Encoding: chunked\r\n", "3;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n"] as const,
    ["Transfer-Encoding: chunked\r\n", "3 \r\nabc\r\n0\r\n\r\n"] as const,
    ["Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "3\r\nabc\r\n0\r\n\r\n"] as const,
    ["Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n"] as const,
    ["Content-Length: 3\r\nContent-Length: 3\r\n", "abc"] as const,
    ["Content-Length: +3\r\n", "abc"] as const,
    ["Content-Length: 3, 3\r\n", "abc"] as const,
    ["Transfer-Encoding: gzip\r\n", "abc"] as const,
    ["Transfer-Encoding: gzip, chunked\r\n", "3\r\nabc\r\n0\r\n\r\n"] as const,
  ),
);
const answer = fc
  .tuple(
    mostly(["HTTP/1.1", "HTTP/1.0"], ["HTTP/2.0", "HTTP/0.9", "HTTP/1.2", "http/1.1", "HTTP/11", ""]),
    mostly([" "], ["  ", "\t", ""]),
    status,
    reason,
    lineEnd,
    fc.array(field, { maxLength: 3 }),
    framed,
    lineEnd,
  )
  .map(([version, space, code, text, end, fields, [framing, content], last]) =>
    [version, space, code, text, end, ...fields, framing, last, content].join(""),
  );
const mutated = fc
  .tuple(answer, fc.array(fc.tuple(fc.nat(), fc.nat(2), fc.nat(255)), { maxLength: 1 }))
  .map(([text, changes]) => {
    let bytes = Buffer.from(text, "latin1");
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
  const they = readByNode("RESPONSE", bytes).messages;
  // A tab behind a coding is optional white space like any other; Node refuses it.
  const laxer = /\r\ntransfer-encoding:[^\r]*\t\r\n/i.test(bytes.toString("latin1"));
  if (!laxer) expect(they.slice(0, we.answers.length)).toEqual(we.answers);
  if (we.fault !== 0 && they.length > 0)
    expect(STRICTER.get(we.fault), `Node reads more than we do: ${faultOf(we.fault).text}`).toBeDefined();
}

test("answers made of likely and unlikely parts", () => {
  fc.assert(
    fc.property(mutated, (bytes) => compare(bytes)),
    { numRuns: RUNS },
  );
});

describe("found cases", () => {
  const found: readonly string[] = [
    "HTTP/1.1 200 OK\r\n\r\nrest",
    "HTTP/1.1 104 x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
  ];
  test.each(found)("%j", (text) => compare(Buffer.from(text, "latin1")));
});
