import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ChunkedDecoder } from "./chunked-decoder.ts";
import { FAULT, faultOf } from "./faults.ts";

/** Reads `text` in pieces cut at `cuts`; what came out, and where reading stopped. */
function decode(text: string, cuts: readonly number[] = []): { content: string; end: number; decoder: ChunkedDecoder } {
  const decoder = new ChunkedDecoder();
  const bytes = Buffer.from(text, "latin1");
  let content = "";
  const sink = {
    content: (b: Buffer, start: number, end: number) => void (content += b.toString("latin1", start, end)),
  };
  let read = 0;
  for (const cut of [...cuts.filter((c) => c < bytes.length).sort((a, b) => a - b), bytes.length]) {
    if (decoder.done) break;
    const end = decoder.read(bytes.subarray(0, cut), read, cut, sink);
    if (end < 0) return { content, end, decoder };
    read = end;
  }
  return { content, end: read, decoder };
}

describe("reads", () => {
  const cases: readonly [string, string, string, string][] = [
    ["nothing", "0\r\n\r\n", "", ""],
    ["chunks", "5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", "hello!", ""],
    [
      "sizes in any case, with leading zeros",
      "00a\r\n0123456789\r\nA\r\n0123456789\r\n000\r\n\r\n",
      "01234567890123456789",
      "",
    ],
    ["extensions, and drops them", '5;a=b;c="d \\" e";f\r\nhello\r\n0;x\r\n\r\n', "hello", ""],
    ["trailers", "0\r\nGrpc-Status: 0\r\nX-Sum: 1\r\n\r\n", "", "Grpc-Status: 0\r\nX-Sum: 1\r\n"],
    [
      "but not trailers that frame or route",
      "0\r\nContent-Length: 5\r\nHost: a\r\nX: 1\r\nConnection: close\r\n\r\n",
      "",
      "X: 1\r\n",
    ],
  ];
  test.each(cases)("%s", (_, text, content, trailers) => {
    const read = decode(text);
    expect([read.content, read.decoder.done, read.decoder.trailers, read.end]).toEqual([
      content,
      true,
      trailers,
      text.length,
    ]);
  });

  test("content that looks like framing", () => {
    const text = "5\r\n0\r\n\r\n\r\n0\r\n\r\n";
    expect(decode(text)).toMatchObject({ content: "0\r\n\r\n", end: text.length });
  });

  test("stops after the last byte", () =>
    expect(decode("1\r\na\r\n0\r\n\r\nGET / HTTP/1.1\r\n")).toMatchObject({ content: "a", end: 11 }));

  test("wherever the pieces are cut", () =>
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 12 }),
        fc.constantFrom(...cases),
        (cuts, [, text, content, trailers]) => {
          const read = decode(text, cuts);
          expect([read.content, read.decoder.done, read.decoder.trailers]).toEqual([content, true, trailers]);
        },
      ),
    ));
});

describe("refuses", () => {
  const cases: readonly [string, string, number][] = [
    ["no size", "\r\n", FAULT.chunkSize],
    ["a size that is none", "x\r\n", FAULT.chunkSize],
    ["0x", "0x5\r\nhello\r\n", FAULT.chunkSize],
    ["a sign", "+5\r\nhello\r\n", FAULT.chunkSize],
    ["a space before the size", " 5\r\nhello\r\n", FAULT.chunkSize],
    ["a space after the size", "5 \r\nhello\r\n", FAULT.chunkSize],
    ["an underscore", "1_0\r\nhello\r\n", FAULT.chunkSize],
    ["a size beyond counting", `${"f".repeat(13)}\r\n`, FAULT.chunkSize],
    ["a size of many zeros", `${"0".repeat(13)}\r\n`, FAULT.chunkSize],
    ["a bare LF after the size", "5\nhello\r\n", FAULT.chunkSize],
    ["a bare CR after the size", "5\rhello\r\n", FAULT.chunkSize],
    ["a bare LF in an extension", "5;a\nhello\r\n", FAULT.chunkExtension],
    ["a NUL in an extension", "5;\0\r\nhello\r\n", FAULT.chunkExtension],
    ["white space in an extension", "5; a=b\r\nhello\r\n", FAULT.chunkExtension],
    ["an extension that is no name", "5;a b\r\nhello\r\n", FAULT.chunkExtension],
    ["a quote that does not end", '5;a="b\r\nhello\r\n', FAULT.chunkExtension],
    ["something after a quote", '5;a="b"c\r\nhello\r\n', FAULT.chunkExtension],
    ["endless extensions", `5;${"a".repeat(300)}`, FAULT.chunkExtension],
    ["content beyond the size", "5\r\nhello!\r\n", FAULT.chunkEnd],
    ["a bare LF after the content", "5\r\nhello\n0\r\n\r\n", FAULT.chunkEnd],
    ["a CR without LF after the content", "5\r\nhello\r0\r\n\r\n", FAULT.chunkEnd],
    ["a bare LF after the trailers", "0\r\nX: 1\n\r\n", FAULT.trailers],
    ["a trailer line without a colon", "0\r\nGET / HTTP/1.1\r\n\r\n", FAULT.trailers],
    ["a bare LF instead of trailers", "0\r\n\n", FAULT.trailers],
    ["endless trailers", `0\r\n${"X: 1234567890\r\n".repeat(600)}\r\n`, FAULT.trailers],
  ];
  test.each(cases)("%s", (_, text, want) => expect(faultOf(decode(text).end)).toEqual(faultOf(want)));
  test.each(cases)("%s, byte by byte", (_, text, want) =>
    expect(
      faultOf(
        decode(
          text,
          Array.from({ length: text.length }, (__, i) => i),
        ).end,
      ),
    ).toEqual(faultOf(want)),
  );
});
